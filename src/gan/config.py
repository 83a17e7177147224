"""Configurations composed from conf/."""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.hydra import Hydra
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from gan.errors import UserError
from gan.null_choice import replace_null
from gan.overrides import quote_texts

__all__ = [
    "CONF",
    "compose_config",
    "config_folders",
    "default_options",
    "option_names",
    "plain",
    "project_hydra",
    "read_arguments",
]

PACKAGE = Path(__file__).parent
CONF = PACKAGE / "conf" if (PACKAGE / "conf").is_dir() else PACKAGE.parents[1] / "conf"
"""The project's configuration: inside an installed wheel, or at the top level of a checkout."""


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
        return compose(name, read_arguments(overrides), return_hydra_config=with_hydra)


def read_arguments(arguments: Sequence[str]) -> list[str]:
    """Return command-line arguments as Hydra takes them: texts in quotes, and ``none`` for null as a choice.

    Raises:
        UserError: If an argument can be read in several ways, or nothing can take the place of a group.
    """
    return replace_null(quote_texts(arguments), CONF)


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


def default_options(name: str, arguments: Sequence[str]) -> list[str]:
    """List all groups and options of a primary configuration, given the choices on the command line."""
    folders = config_folders(arguments)
    groups = [str(path.relative_to(folder)) for folder in folders for path in folder.rglob("*") if path.is_dir()]
    chosen = [argument for argument in arguments if argument.partition("=")[0] in groups and not _sweeps(argument)]
    chosen += [f"hydra.searchpath=['file://{folder}']" for folder in folders[1:]]
    return groups + option_names(plain(compose_config(name, chosen), resolve=False))


def _sweeps(argument: str) -> bool:
    return OverridesParser.create().parse_overrides([argument])[0].is_sweep_override()


def option_names(config: Mapping[str, Any], prefix: str = "") -> list[str]:
    """List the dotted keys of a configuration, without those of Hydra's own such as ``_target_``."""
    keys = [f"{prefix}{key}" for key in config if not str(key).startswith("_")]
    inner = [(name, value) for name, value in config.items() if isinstance(value, Mapping)]
    return keys + [key for name, value in inner for key in option_names(value, f"{prefix}{name}.")]


def plain(node: Any, resolve: bool = True) -> dict[str, Any]:
    """Convert a configuration to plain dictionaries, lists and scalars."""
    container = OmegaConf.to_container(node, resolve=resolve)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}
