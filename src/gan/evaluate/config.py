"""Configuration of an evaluation: ``conf/evaluate.yaml``, a run's own settings, and the command line."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from gan.config import compose_config, overridden
from gan.errors import UserError

__all__ = ["evaluation_config"]

INHERITED = {"data": "data", "metric/features": "metric.features", "metric": "metric.measures"}
"""Options, and the node that comes from the run's configuration unless the option is given."""

MINIMUM = {"num_samples": 2, "metric.num_samples": 2, "seeds": 1, "batch_size": 1, "image_size": 1}


def evaluation_config(saved: dict[str, Any] | None, reference: Path | None, options: list[str]) -> DictConfig:
    """Compose the configuration of an evaluation.

    Args:
        saved: Configuration of the run; None for a folder of images.
        reference: Folder of real images, which replaces the data set; None if there is none.
        options: Overrides of ``conf/evaluate.yaml``.

    Raises:
        UserError: If a value is invalid, or both a reference folder and data are given.
    """
    keys = {option: option.partition("=")[0].lstrip("+~") for option in options}
    data_options = [option for option, key in keys.items() if key.startswith("data")]
    if reference is not None and data_options:
        raise UserError(f"{data_options[0]}: the real images already come from {reference}")
    if saved is None or reference is not None or "data" in keys.values():
        config = compose_config("evaluate", options)
        OmegaConf.set_struct(config, False)
    else:
        config = _inherit(saved, keys)
    _check(config)
    return config


def _inherit(saved: dict[str, Any], keys: dict[str, str]) -> DictConfig:
    """Compose the configuration; data, features and measures are the run's unless an option names others.

    ``keys`` maps the options to their keys.
    """
    nodes = [node for option, node in INHERITED.items() if option not in keys.values()]
    within_nodes = [option for option, key in keys.items() if key.startswith(tuple(f"{node}." for node in nodes))]
    config = compose_config("evaluate", [option for option in keys if option not in within_nodes])
    OmegaConf.set_struct(config, False)
    run_config = OmegaConf.create(saved)
    for node in nodes:
        value = OmegaConf.select(run_config, node)
        if node == "metric.measures":  # the run's measures, then the default ones
            value = OmegaConf.merge(value, config.metric.measures)
        OmegaConf.update(config, node, value, merge=False)
    return overridden(config, within_nodes)


def _check(config: DictConfig) -> None:
    for name, minimum in MINIMUM.items():
        value = OmegaConf.select(config, name)
        if name == "image_size" and value is None:
            continue
        if not isinstance(value, int) or value < minimum:
            raise UserError(f"{name}={value} should be an integer of at least {minimum}")
    if not isinstance(config.ema, bool):
        raise UserError(f"ema={config.ema} is not one of true, false")
    if config.on_error not in ("stop", "skip"):
        raise UserError(f"on_error={config.on_error} is not one of stop, skip")
