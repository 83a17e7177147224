"""Building objects from configuration nodes, with every key checked against the constructor's signature."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationKeyError
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from gan.config import plain
from gan.errors import UserError, did_you_mean

__all__ = [
    "arguments",
    "build",
    "check_call",
    "check_special_keys",
    "find_targets",
    "import_target",
    "signature",
]

SPECIAL_KEYS = ("_target_", "_partial_")
USER_ERRORS = (ValueError, TypeError, RuntimeError, MisconfigurationException)


def build(node: DictConfig) -> Any:
    """Build the object that a configuration node describes, and every ``_target_`` below it.

    Interpolations are resolved once, before anything is built.

    Raises:
        UserError: If a key is not an argument, a value has the wrong type, or a constructor rejects its arguments.
    """
    key = node._get_full_key(None)
    try:
        if missing := sorted(OmegaConf.missing_keys(node)):
            raise UserError(f"{key}.{missing[0]} has no default: set it on the command line")
        values = plain(node)
    except InterpolationKeyError as error:
        cause = str(error).splitlines()[0]
        raise UserError(f"{error.full_key}: the choices of model, loss and data do not fit: {cause}") from error
    return _construct(_check_node(values, key), key)


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
    hints, checked = signature(target), dict(given)
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


def arguments(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments in a configuration node: all keys but ``_target_`` and ``_partial_``."""
    return {name: value for name, value in config.items() if name not in SPECIAL_KEYS}


def check_special_keys(config: Mapping[str, Any], key: str) -> None:
    """Refuse special keys of Hydra other than ``_target_`` and ``_partial_``.

    Raises:
        UserError: If there is another one, such as ``_args_``.
    """
    for name in config:
        if name not in SPECIAL_KEYS and re.fullmatch(r"_\w+_", name):
            raise UserError(f"{key}.{name} is not supported: name each argument of the constructor")
    if not isinstance(config.get("_partial_", False), bool):
        raise UserError(f"{key}._partial_={config['_partial_']} is not one of true, false")


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
    check_special_keys(config, key)
    if "_target_" not in config:
        return config
    return config | check_call(import_target(config, key), arguments(config), key)


def _construct(config: Any, key: str) -> Any:
    """Build a checked plain configuration; its text is never resolved."""
    if isinstance(config, list):
        return [_construct(value, f"{key}[{index}]") for index, value in enumerate(config)]
    if not isinstance(config, dict):
        return config
    built = {name: _construct(value, f"{key}.{name}") for name, value in arguments(config).items()}
    if "_target_" not in config:
        return built
    target = import_target(config, key)
    if config.get("_partial_"):
        return partial(target, **built)
    try:
        return target(**built)
    except UserError:
        raise
    except USER_ERRORS as error:
        raise UserError(f"{key}: {error}") from error


@cache
def signature(target: Any) -> dict[str, Any]:
    """Return argument annotations by name, including the base class's if the constructor takes ``**kwargs``."""
    parameters = inspect.signature(target).parameters.values()
    try:
        hints = get_type_hints(target.__init__ if inspect.isclass(target) else target, include_extras=True)
    except NameError:  # names that a library imports only for type checking; these values go unchecked
        hints = {}
    annotations = {
        p.name: hints.get(p.name, Any) for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    }
    if inspect.isclass(target) and any(p.kind is p.VAR_KEYWORD for p in parameters):
        owner = next(base for base in target.__mro__ if "__init__" in vars(base))
        annotations = signature(owner.__mro__[1]) | annotations
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
