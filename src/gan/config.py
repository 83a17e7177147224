"""Configurations: composing them from conf/, and resuming with a checkpoint's own."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from gan.errors import UserError
from gan.null_choice import replace_null
from gan.substitution import get_value, set_value

__all__ = ["CONF", "compose_config", "config_folders", "plain", "project_hydra", "resumed"]

PACKAGE = Path(__file__).parent
CONF = PACKAGE / "conf" if (PACKAGE / "conf").is_dir() else PACKAGE.parents[1] / "conf"
"""The project's configuration: inside an installed wheel, or at the top level of a checkout."""

RECIPES = ("data", "debug", "experiment", "loss", "model")  # groups whose choices set options of other groups too

OWN_KEYS = ("ckpt", "run_dir", "trust")
"""Options that a call gives, and a file never: what to resume, where to write, and whom to trust."""


def config_folders(arguments: Sequence[str]) -> list[Path]:
    """Return the configuration folders of a command line: the project's, and the user's own of ``--config-dir``."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config-dir", "-cd", type=Path, nargs="?")
    own = parser.parse_known_args(arguments)[0].config_dir
    return [CONF] if own is None else [CONF, own.absolute()]


def compose_config(name: str, overrides: list[str], with_hydra: bool = False) -> DictConfig:
    """Compose a configuration from ``conf/``, for commands that Hydra does not start.

    Args:
        name: Primary configuration, such as ``train``.
        overrides: Overrides in Hydra's command-line syntax.
        with_hydra: Whether to include Hydra's own options, such as the choice made in each group.

    Raises:
        UserError: If the folder does not exist.
    """
    with project_hydra():
        return compose(name, replace_null(overrides, CONF), return_hydra_config=with_hydra)


@contextmanager
def project_hydra() -> Iterator[Hydra]:
    """Initialise Hydra with ``conf/``, also while it runs ``train.py``, and yield it.

    Raises:
        UserError: If the folder does not exist.
    """
    if not CONF.is_dir():
        raise UserError(f"{CONF} does not exist: install the project from its checkout with pip install -e .")
    current = GlobalHydra.instance().hydra  # set while train.py runs
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONF), job_name="train", version_base="1.3"):
            hydra = GlobalHydra.instance().hydra
            assert hydra is not None
            yield hydra
    finally:
        GlobalHydra.instance().hydra = current


def plain(node: Any, resolve: bool = True) -> dict[str, Any]:
    """Convert a configuration to plain dictionaries, lists and scalars."""
    container = OmegaConf.to_container(node, resolve=resolve)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def resumed(saved: Mapping[str, Any], composed: Mapping[str, Any], overrides: list[str]) -> dict[str, Any]:
    """Return a checkpoint's configuration with only the command line's overrides changed.

    Args:
        saved: Configuration from the checkpoint, in plain values with references to keys.
        composed: Configuration composed from the command line, in the same form.
        overrides: The command line's overrides.

    Raises:
        UserError: If an override deletes an option or replaces a whole recipe.
    """
    config = deepcopy(dict(saved))
    for override in OverridesParser.create().parse_overrides(overrides):
        key = override.key_or_group.replace("/", ".")
        if override.is_delete():
            raise UserError(f"{override.input_line}: a resumed run keeps its options; set them instead")
        if key in RECIPES:
            raise UserError(f"{override.input_line}: a resumed run keeps its recipe; set single options instead")
        if key == "metric":  # replaces the measures; the run keeps its features
            key = "metric.measures"
        if not key.startswith("hydra"):
            set_value(config, key, get_value(composed, key))
    return config | {key: composed.get(key) for key in OWN_KEYS}
