"""Building objects from configuration nodes, with every key checked against the constructor's signature."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig
from omegaconf.errors import InterpolationKeyError
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from gan.annotations import admits_container, check_value, example, item_hint, shown
from gan.bounds import TORCH_OPTIM
from gan.config import plain
from gan.errors import OptionError, OutOfMemoryError, UserError, did_you_mean
from gan.substitution import origin, substitute

__all__ = [
    "arguments",
    "blame",
    "build",
    "check_call",
    "check_options",
    "check_special_keys",
    "find_targets",
    "import_target",
    "naming_origins",
    "signature",
]

MISSING = "???"  # OmegaConf's mark of an option without default
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
        values = plain(node)
    except InterpolationKeyError as error:
        cause = str(error).splitlines()[0]
        raise UserError(f"{error.full_key}: the choices of model, loss and data do not fit: {cause}") from error
    return _construct(_check_place(values, Any, key), key)


def check_options(config: Mapping[str, Any], hints: Mapping[str, Any]) -> dict[str, Any]:
    """Check the options of a run before anything is built, and every part among them.

    Args:
        config: All options, in plain values with references to keys.
        hints: Annotations by key; a mapping holds those of the keys below. Absent and other options go unchecked.

    Returns:
        The options, references included, with values converted as their annotations require.

    Raises:
        UserError: If an option is wrong. The message names the key that its value is set at.
    """
    for name, hint in hints.items():  # first, since references are to the options that it holds
        if isinstance(hint, Mapping) and not isinstance(config.get(name, {}), Mapping):
            _check_place(config[name], hint, name)
    values = substitute(config)
    with naming_origins(config):
        checked = {name: _check_place(values[name], hint, name) for name, hint in hints.items() if name in values}
    return dict(config) | {name: _converted(config[name], value) for name, value in checked.items()}


@contextmanager
def naming_origins(config: Mapping[str, Any]) -> Iterator[None]:
    """Name, in errors of options, the keys that their values are set at.

    Args:
        config: All options, in plain values with references to keys.
    """
    try:
        yield
    except OptionError as error:
        key = origin(config, error.key)
        part, own_part = (name.rpartition(".")[0] for name in (error.key, key))
        raise OptionError(key, error.problem.replace(f"'{part}.", f"'{own_part}.")) from error  # in a suggestion


def check_call(target: Callable[..., Any], given: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Check arguments, and every part among them, against a callable's signature.

    Args:
        target: A class or function.
        given: Plain values by argument name.
        key: Their key in the configuration, for messages.

    Returns:
        The arguments, converted as their annotations require (1 to 1.0).

    Raises:
        OptionError: If an argument is unknown (the nearest one is named) or a value does not fit its annotation.
    """
    name = getattr(target, "__name__", str(target))
    try:
        hints = signature(target)
    except (ValueError, TypeError) as error:
        raise OptionError(f"{key}._target_", f": {name} takes no options") from error
    return _check_arguments(given, hints, key, name)


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
    name = part["_target_"]
    try:
        found = get_object(name)
    except (ValueError, ImportError) as error:
        cause = str(error).splitlines()[0]
        raise OptionError(f"{key}._target_", f": cannot find {shown(name)} ({cause})") from error
    if not callable(found):
        raise OptionError(f"{key}._target_", f"={shown(name)} should be the name of a class")
    return found


def _check_place(value: Any, hint: Any, key: str) -> Any:
    """Check a plain value, and every part in it, against the annotation of its place; return it converted."""
    if value == MISSING:
        raise OptionError(key, f" has no default: set {key}={example(hint)}")
    if isinstance(hint, Mapping):
        if not isinstance(value, Mapping):
            raise OptionError(key, f"={shown(value)} should hold options, such as {key}.{next(iter(hint))}")
        return _check_arguments(value, hint, key, key)
    if isinstance(value, Mapping):
        check_special_keys(value, key)
        if "_target_" in value:
            _check_place(value["_target_"], str, f"{key}._target_")
            return {**value, **check_call(import_target(value, key), arguments(value), key)}
    if admits_container(hint) and any(find_targets(value)):
        inner = item_hint(hint)
        if isinstance(value, list):
            return [_check_place(item, inner, f"{key}[{index}]") for index, item in enumerate(value)]
        return {name: _check_place(item, inner, f"{key}.{name}") for name, item in value.items()}
    return check_value(value, hint, key)


def _check_arguments(given: Mapping[str, Any], hints: Mapping[str, Any], key: str, owner: str) -> dict[str, Any]:
    """Check values by name against annotations; ``owner`` is what takes them, for messages."""
    for name in given:
        if name not in hints:
            hint = did_you_mean(str(name), [f"{key}.{known}" for known in hints])
            raise OptionError(f"{key}.{name}", f": {owner} takes no such option{hint}")
    return {name: _check_place(value, hints[name], f"{key}.{name}") for name, value in given.items()}


def _converted(raw: Any, checked: Any) -> Any:
    """Return a value with its references, and with what the check has converted beside them."""
    if isinstance(raw, Mapping) and isinstance(checked, Mapping):
        return {name: _converted(value, checked[name]) for name, value in raw.items()}
    if isinstance(raw, list) and isinstance(checked, list | tuple):
        return [_converted(*pair) for pair in zip(raw, checked, strict=True)]
    return raw if isinstance(raw, str) and "${" in raw else checked


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
    except MemoryError as error:
        raise OutOfMemoryError(*_blame_largest(str(error), config, key)) from error
    except USER_ERRORS as error:
        raise OptionError(*blame(str(error), config, key)) from error


def blame(message: str, node: Mapping[str, Any], key: str) -> tuple[str, str]:
    """Return the key of the argument that a constructor's message names first, or else the node's, and the problem."""
    named = {name: re.search(rf"\b{re.escape(str(name))}\b", message) for name in arguments(node)}
    found = {name: match.start() for name, match in named.items() if match}
    message = " ".join(message.split())
    if not found:
        return key, f": {message}"
    first = min(found, key=found.__getitem__)
    shows_value = not isinstance(node[first], Mapping | list | tuple)
    return f"{key}.{first}", f"={shown(node[first])}: {message}" if shows_value else f": {message}"


def _blame_largest(message: str, node: Mapping[str, Any], key: str) -> tuple[str, str]:
    """Return the key of the largest whole number among a constructor's arguments, and the problem."""
    sizes: dict[str, int] = {}
    for name, value in arguments(node).items():
        items = (
            {f"[{index}]": item for index, item in enumerate(value)} if isinstance(value, list | tuple) else {"": value}
        )
        sizes |= {f"{key}.{name}{index}": item for index, item in items.items() if type(item) is int}
    largest = max(sizes, key=sizes.__getitem__, default=key)
    return largest, f"={sizes[largest]}: {message}" if sizes else f": {message}"


@cache
def signature(target: Any) -> dict[str, Any]:
    """Return argument annotations by name, including those of base classes that get a constructor's ``**kwargs``.

    Constructors of several base classes pass on what is not theirs, in the order in which Python calls them.
    """
    owners = [base for base in target.__mro__ if "__init__" in vars(base)] if inspect.isclass(target) else []
    annotations: dict[str, Any] = {}
    for part in [target, *owners[1:]]:
        parameters = inspect.signature(part).parameters.values()
        annotations = _annotations(part) | annotations
        if all(p.kind is not p.VAR_KEYWORD for p in parameters):
            break
    return annotations


def _annotations(target: Any) -> dict[str, Any]:
    """Return the annotations of a class's or function's own arguments."""
    try:
        hints = get_type_hints(target.__init__ if inspect.isclass(target) else target, include_extras=True)
    except NameError:  # names that a library imports only for type checking; these values go unchecked
        hints = {}
    parameters = inspect.signature(target).parameters.values()
    annotations = {
        p.name: hints.get(p.name, Any) for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    }
    if str(getattr(target, "__module__", "")).startswith("torch.optim"):
        annotations |= {name: TORCH_OPTIM[name] for name in annotations.keys() & TORCH_OPTIM.keys()}
    return annotations
