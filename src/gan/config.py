"""Configurations: composing them from conf/, setting single values, and resuming with a checkpoint's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict

from gan.errors import UserError
from gan.null_choice import replace_null

__all__ = ["CONF", "compose_config", "overridden", "plain", "resumed"]

PACKAGE = Path(__file__).parent
CONF = PACKAGE / "conf" if (PACKAGE / "conf").is_dir() else PACKAGE.parents[1] / "conf"
"""The project's configuration: inside an installed wheel, or at the top level of a checkout."""

RECIPES = ("data", "debug", "experiment", "loss", "model")  # groups whose choices set options of other groups too


def compose_config(name: str, overrides: list[str], with_hydra: bool = False) -> DictConfig:
    """Compose a configuration from ``conf/``, for commands that Hydra does not start.

    Args:
        name: Primary configuration, such as ``train``.
        overrides: Overrides in Hydra's command-line syntax.
        with_hydra: Whether to include Hydra's own options, such as the choice made in each group.

    Raises:
        UserError: If the folder does not exist.
    """
    if not CONF.is_dir():
        raise UserError(f"{CONF} does not exist: install the project from its checkout with pip install -e .")
    current = GlobalHydra.instance().hydra  # set while train.py runs
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose(name, replace_null(overrides, CONF), return_hydra_config=with_hydra)
    finally:
        GlobalHydra.instance().hydra = current


def overridden(config: DictConfig, overrides: list[str]) -> DictConfig:
    """Return a copy of a configuration with single values set by command-line overrides."""
    config = config.copy()
    with open_dict(config):
        for override in OverridesParser.create().parse_overrides(overrides):
            OmegaConf.update(config, override.key_or_group, override.value())
    return config


def plain(node: Any, resolve: bool = True) -> dict[str, Any]:
    """Convert a configuration to plain dictionaries, lists and scalars."""
    container = OmegaConf.to_container(node, resolve=resolve)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def resumed(saved: Mapping[str, Any], composed: DictConfig, overrides: list[str]) -> DictConfig:
    """Return a checkpoint's configuration with only the command line's overrides changed.

    Args:
        saved: Configuration from the checkpoint, interpolations included.
        composed: Configuration composed from the command line.
        overrides: The command line's overrides.

    Raises:
        UserError: If an override deletes an option or replaces a whole recipe.
    """
    config = OmegaConf.create(dict(saved))
    assert isinstance(config, DictConfig)
    with open_dict(config):
        for override in OverridesParser.create().parse_overrides(overrides):
            key = override.key_or_group.replace("/", ".")
            if override.is_delete():
                raise UserError(f"{override.input_line}: a resumed run keeps its options; set them instead")
            if key in RECIPES:
                raise UserError(f"{override.input_line}: a resumed run keeps its recipe; set single options instead")
            if key == "metric":  # replaces the measures; the run keeps its features
                key = "metric.measures"
            if not key.startswith("hydra"):
                OmegaConf.update(config, key, OmegaConf.select(composed, key), merge=False)
        config.ckpt, config.run_dir = composed.ckpt, composed.run_dir
    return config
