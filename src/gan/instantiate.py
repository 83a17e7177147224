"""Building objects from configuration nodes, with every key checked against the constructor's signature."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from gan.config import plain
from gan.errors import UserError, did_you_mean

__all__ = ["build", "check_call", "find_targets", "import_target"]

USER_ERRORS = (ValueError, TypeError, RuntimeError, MisconfigurationException)


def build(node: DictConfig) -> Any:
    """Instantiate a configuration node and every ``_target_`` below it.

    Raises:
        UserError: If a key is not an argument, a value has the wrong type, or a constructor rejects its arguments.
    """
    prefix = node._get_full_key(None)
    try:
        if missing := sorted(OmegaConf.missing_keys(node)):
            raise UserError(f"{prefix}.{missing[0]} has no default: set it on the command line")
        values = plain(node)
    except InterpolationKeyError as error:
        cause = str(error).splitlines()[0]
        raise UserError(f"{error.full_key}: the choices of model, loss and data do not fit: {cause}") from error
    checked = _check_node(values, prefix)
    try:
        return instantiate(checked, _convert_="all")
    except InstantiationException as error:
        _, named, inner = str(error).rpartition("full_key: ")
        key = f"{prefix}.{inner}" if named else prefix
        if isinstance(error.__cause__, UserError):
            raise error.__cause__ from error
        if isinstance(error.__cause__, USER_ERRORS):
            raise UserError(f"{key}: {error.__cause__}") from error
        raise


def check_call(target: Callable[..., Any], given: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Check arguments against a callable's signature.

    Args:
        target: A class or function.
        given: Plain values by argument name. Values with a ``_target_`` are not checked.
        key: Their key in the configuration, for messages.

    Returns:
        The arguments, converted as their annotations require (1 to 1.0).

    Raises:
        UserError: If an argument is unknown (the nearest one is named) or a value does not fit its annotation.
    """
    hints, checked = _signature(target), dict(given)
    for name, value in given.items():
        if name not in hints:
            hint = did_you_mean(name, [f"{key}.{known}" for known in hints])
            raise UserError(f"{key}.{name}: {getattr(target, '__name__', target)} takes no such option{hint}")
        if not any(True for _ in find_targets(value, key)):
            checked[name] = _check_value(value, hints[name], f"{key}.{name}")
    return checked


def find_targets(config: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each part of a plain configuration that has a ``_target_``, with its dotted key."""
    if isinstance(config, Mapping):
        if "_target_" in config:
            yield key, dict(config)
        for name, value in config.items():
            yield from find_targets(value, f"{key}.{name}" if key else str(name))
    elif isinstance(config, list):
        for index, value in enumerate(config):
            yield from find_targets(value, f"{key}[{index}]")


def import_target(part: Mapping[str, Any], key: str) -> Any:
    """Import the object that ``_target_`` names.

    Raises:
        UserError: If it does not exist.
    """
    try:
        return get_object(part["_target_"])
    except (ValueError, ImportError) as error:
        raise UserError(f"{key}._target_: cannot find {part['_target_']} ({str(error).splitlines()[0]})") from error


def _check_node(config: Any, key: str) -> Any:
    """Check every call in a plain configuration, and convert its arguments."""
    if isinstance(config, list):
        return [_check_node(value, f"{key}[{index}]") for index, value in enumerate(config)]
    if not isinstance(config, dict):
        return config
    config = {name: _check_node(value, f"{key}.{name}") for name, value in config.items()}
    if "_target_" not in config:
        return config
    settings = {name: value for name, value in config.items() if not name.startswith("_")}
    return config | check_call(import_target(config, key), settings, key)


def _signature(target: Any) -> dict[str, Any]:
    """Return argument annotations by name, including the base class's if the constructor takes ``**kwargs``."""
    parameters = inspect.signature(target).parameters.values()
    try:
        hints = get_type_hints(target.__init__ if inspect.isclass(target) else target)
    except NameError:  # names that a library imports only for type checking; these values go unchecked
        hints = {}
    annotations = {
        p.name: hints.get(p.name, Any) for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    }
    if inspect.isclass(target) and any(p.kind is p.VAR_KEYWORD for p in parameters):
        owner = next(base for base in target.__mro__ if "__init__" in vars(base))
        annotations = _signature(owner.__mro__[1]) | annotations
    return annotations


def _check_value(value: Any, hint: Any, key: str) -> Any:
    try:
        converted = TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value)
    except ValidationError as error:
        choices = [str(c) for h in (hint, *get_args(hint)) if get_origin(h) is Literal for c in get_args(h)]
        if choices:
            problem = f"is not one of {', '.join(choices)}{did_you_mean(str(value), choices)}"
        else:
            problem = error.errors()[0]["msg"].partition(",")[0].replace("Input should", "should")
        raise UserError(f"{key}={value} {problem}") from error
    return converted if isinstance(converted, int | float | tuple | list) else value
