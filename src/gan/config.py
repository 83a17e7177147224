"""From configuration to objects: every key is a constructor argument, checked against that argument's annotation."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import InterpolationKeyError
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pytorch_lightning.utilities.exceptions import MisconfigurationException
from torch.optim import Optimizer

from gan.errors import UserError, did_you_mean

__all__ = ["CONF", "build", "check_call", "check_trusted", "compose_config", "overridden", "plain", "resumed"]

CONF = Path(__file__).parents[2] / "conf"

USER_ERRORS = (ValueError, TypeError, RuntimeError, MisconfigurationException)
RECIPES = ("data", "debug", "experiment", "loss", "model")  # choices that bring options of other groups with them


def compose_config(name: str, overrides: list[str], with_hydra: bool = False) -> DictConfig:
    """Compose a configuration from the project's ``conf`` folder, for commands that are not Hydra's.

    Args:
        name: The file that it begins with.
        overrides: As a command line says them.
        with_hydra: Whether Hydra's own options, the choice of each group among them, are part of it.

    Raises:
        UserError: If the folder is not beside the package.
    """
    if not CONF.is_dir():
        raise UserError(f"there is no {CONF}: install the project where it is, with pip install -e .")
    around = GlobalHydra.instance().hydra  # there is one within train.py
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            return compose(name, overrides, return_hydra_config=with_hydra)
    finally:
        GlobalHydra.instance().hydra = around


def overridden(config: DictConfig, overrides: list[str]) -> DictConfig:
    """Return a configuration with single values set, as a command line says them."""
    config = config.copy()
    with open_dict(config):
        for override in OverridesParser.create().parse_overrides(overrides):
            OmegaConf.update(config, override.key_or_group, override.value())
    return config


def plain(node: Any, resolve: bool = True) -> dict[str, Any]:
    """Turn a configuration into plain values."""
    container = OmegaConf.to_container(node, resolve=resolve)
    assert isinstance(container, dict)
    return {str(key): value for key, value in container.items()}


def build(node: DictConfig) -> Any:
    """Instantiate a node of the configuration, ``_target_`` by ``_target_``.

    Raises:
        UserError: If a key is no argument, a value is not of its type, or a constructor refuses its arguments.
    """
    prefix = node._get_full_key(None)
    try:
        if missing := sorted(OmegaConf.missing_keys(node)):
            raise UserError(f"{prefix}.{missing[0]} has no default: set it on the command line")
        values = plain(node)
    except InterpolationKeyError as error:
        cause = str(error).splitlines()[0]
        raise UserError(f"{error.full_key}: the choices of model, loss and data do not fit: {cause}") from error
    checked = _checked(values, prefix)
    try:
        return instantiate(checked, _convert_="all")
    except InstantiationException as error:
        inner = str(error).rpartition("full_key: ")
        key = f"{prefix}.{inner[2]}" if inner[1] else prefix
        if isinstance(error.__cause__, UserError):
            raise error.__cause__ from error
        if isinstance(error.__cause__, USER_ERRORS):
            raise UserError(f"{key}: {error.__cause__}") from error
        raise


def check_call(target: Callable[..., Any], given: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Check arguments against a callable's signature.

    Args:
        target: A class or function.
        given: Plain values by name; those that hold objects yet to be built are not looked into.
        key: Where they stand in the configuration, for messages.

    Returns:
        The arguments, converted where their annotation asks for it (1 to 1.0).

    Raises:
        UserError: If an argument is unknown (the nearest is named), or a value does not suit its annotation.
    """
    hints, checked = _arguments(target), dict(given)
    for name, value in given.items():
        if name not in hints:
            hint = did_you_mean(name, [f"{key}.{known}" for known in hints])
            raise UserError(f"{key}.{name}: {getattr(target, '__name__', target)} takes no such option{hint}")
        if not any(True for _ in _targets(value, key)):
            checked[name] = _checked_value(value, hints[name], f"{key}.{name}")
    return checked


def check_trusted(config: Any) -> None:
    """Refuse a configuration from a file that would call anything but this package's classes and torch's optimisers.

    Raises:
        UserError: If there is such a ``_target_``; it is named, and nothing of it is imported.
    """
    for key, part in _targets(config, ""):
        name = str(part["_target_"])
        trusted = name.startswith(("gan.", "torch.optim."))
        found = _target(part, key) if trusted else None
        if not (inspect.isclass(found) and (found.__module__.startswith("gan.") or issubclass(found, Optimizer))):
            raise UserError(f"the checkpoint asks for {name} (at {key}), which is not of this package: refused")


def resumed(saved: Mapping[str, Any], composed: DictConfig, overrides: list[str]) -> DictConfig:
    """Take a checkpoint's configuration, with just what the command line says changed.

    Args:
        saved: The checkpoint's configuration, interpolations included.
        composed: What the command line composes to.
        overrides: The command line's overrides.

    Raises:
        UserError: If an override picks a whole recipe, which a run that has begun cannot change.
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
            if key == "metric":  # a choice of measures; the features are the run's own
                key = "metric.measures"
            if not key.startswith("hydra"):
                OmegaConf.update(config, key, OmegaConf.select(composed, key), merge=False)
        config.ckpt, config.run_dir = composed.ckpt, composed.run_dir
    return config


def _checked(config: Any, key: str) -> Any:
    """Check every call that a plain configuration asks for, and convert its arguments."""
    if isinstance(config, list):
        return [_checked(value, f"{key}[{place}]") for place, value in enumerate(config)]
    if not isinstance(config, dict):
        return config
    config = {name: _checked(value, f"{key}.{name}") for name, value in config.items()}
    if "_target_" not in config:
        return config
    settings = {name: value for name, value in config.items() if not name.startswith("_")}
    return config | check_call(_target(config, key), settings, key)


def _targets(config: Any, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every part of a plain configuration that has a ``_target_``, with its key."""
    if isinstance(config, Mapping):
        if "_target_" in config:
            yield key, dict(config)
        for name, value in config.items():
            yield from _targets(value, f"{key}.{name}" if key else str(name))
    elif isinstance(config, list):
        for place, value in enumerate(config):
            yield from _targets(value, f"{key}[{place}]")


def _target(part: Mapping[str, Any], key: str) -> Any:
    try:
        return get_object(part["_target_"])
    except (ValueError, ImportError) as error:
        raise UserError(f"{key}._target_: cannot find {part['_target_']} ({str(error).splitlines()[0]})") from error


def _arguments(target: Any) -> dict[str, Any]:
    """Return a callable's arguments and their annotations, those of its base where it passes keywords on."""
    parameters = inspect.signature(target).parameters.values()
    try:
        hints = get_type_hints(target.__init__ if inspect.isclass(target) else target)
    except NameError:  # names that a library imports for type checkers alone; its values go unchecked
        hints = {}
    found = {p.name: hints.get(p.name, Any) for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    if inspect.isclass(target) and any(p.kind is p.VAR_KEYWORD for p in parameters):
        owner = next(base for base in target.__mro__ if "__init__" in vars(base))
        found = _arguments(owner.__mro__[1]) | found
    return found


def _checked_value(value: Any, hint: Any, key: str) -> Any:
    try:
        converted = TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value)
    except ValidationError as error:
        choices = [str(c) for h in (hint, *get_args(hint)) if get_origin(h) is Literal for c in get_args(h)]
        if choices:
            wanted = f"is not one of {', '.join(choices)}{did_you_mean(str(value), choices)}"
        else:
            wanted = error.errors()[0]["msg"].partition(",")[0].replace("Input should", "should")
        raise UserError(f"{key}={value} {wanted}") from error
    return converted if isinstance(converted, int | float | tuple | list) else value
