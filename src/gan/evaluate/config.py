"""Configuration of an evaluation: ``conf/evaluate.yaml``, a run's own settings, and the command line."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from gan.annotations import check_value
from gan.bounds import BatchSize, Count, Pixels, SampleCount, Seed
from gan.checkpoint.accept import accept
from gan.checkpoint.trust import Trust
from gan.config import compose_config
from gan.data.module import DataModule
from gan.data.own_images import OnError
from gan.errors import UserError
from gan.features.base import FeatureExtractor
from gan.instantiate import import_target
from gan.metrics.evaluator import Evaluator
from gan.substitution import get_value, keep_references, set_value, substitute

__all__ = ["evaluation_config"]

INHERITED = {"data": "data", "metric/features": "metric.features", "metric": "metric.measures"}
"""Options, and the node that comes from the run's configuration unless the option is given."""

OPTIONS = {
    "num_samples": SampleCount,
    "metric.num_samples": SampleCount,
    "seeds": Count,
    "ema": bool,
    "batch_size": BatchSize,
    "image_size": Pixels | None,
    "on_error": OnError,
    "out": str | None,
    "seed": Seed,
}
"""Annotations of the options of ``conf/evaluate.yaml``; those of parts are in their signatures."""


def evaluation_config(
    saved: dict[str, Any] | None, reference: Path | None, options: list[str], trust: Trust | None = None
) -> DictConfig:
    """Compose the configuration of an evaluation.

    Args:
        saved: Configuration of the run, as in its checkpoint; None for a folder of images.
        reference: Folder of real images, which replaces the data set; None if there is none.
        options: Overrides of ``conf/evaluate.yaml``.
        trust: Whom this call trusts beside this package; None trusts nobody.

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
        config = _inherit(saved, keys, trust)
    _check(config)
    return config


def _inherit(saved: dict[str, Any], keys: dict[str, str], trust: Trust | None) -> DictConfig:
    """Compose the configuration; data, features and measures are the run's unless an option names others.

    ``keys`` maps the options to their keys.
    """
    nodes = [node for option, node in INHERITED.items() if option not in keys.values()]
    within_nodes = [option for option, key in keys.items() if key.startswith(tuple(f"{node}." for node in nodes))]
    composed = compose_config("evaluate", [option for option in keys if option not in within_nodes])
    own = keep_references(composed)
    config = deepcopy(saved | own)  # the run's nodes may refer to any of its options
    for node in nodes:
        value = get_value(saved, node)
        if node == "metric.measures":  # the run's measures, then the default ones
            added = check_value(own["metric"]["measures"], dict, node) if _measures_distance(saved) else {}
            value = {**(value or {}), **added}
        set_value(config, node, value)
    for override in OverridesParser.create().parse_overrides(within_nodes):
        set_value(config, override.key_or_group, override.value())
    config = accept(config, {"data": DataModule, "metric": Evaluator}, trust or Trust(), own)
    values = substitute(config)
    return OmegaConf.create({key: values[key] for key in (*own, "data") if key in values})


def _measures_distance(saved: dict[str, Any]) -> bool:
    """Return whether distances between a run's features have a meaning; those of classes of others are assumed to."""
    target = get_value(saved, "metric.features._target_")
    own = isinstance(target, str) and target.startswith("gan.features.")
    found = import_target({"_target_": target}, "metric.features") if own else FeatureExtractor
    return getattr(found, "measures_distance", True)


def _check(config: DictConfig) -> None:
    """Check the options, and convert words such as ``no`` to what they stand for."""
    for key, hint in OPTIONS.items():
        if (value := OmegaConf.select(config, key)) != (checked := check_value(value, hint, key)):
            OmegaConf.update(config, key, checked)
