"""Acceptance of a configuration from a file: every class is of its place's kind, and writes where this call says.

The kind that a place wants is the annotation of the constructor around it. Nothing is built before all is checked.
"""

import inspect
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pytorch_lightning import Callback
from pytorch_lightning.loggers import Logger

from gan.annotations import alternatives, item_hint
from gan.checkpoint.trust import OWN, Trust, UntrustedError, find_class, local_trust
from gan.errors import OptionError, UserError, did_you_mean
from gan.instantiate import arguments, check_special_keys, naming_origins, signature
from gan.runs.folder import OutputPath
from gan.substitution import get_value, set_value, substitute

__all__ = ["Kinds", "accept", "packages_to_trust"]

log = logging.getLogger(__name__)

Kinds = Mapping[str, Any]
"""Parts that are built, by dotted key: the annotation of their place, or those of the keys below it."""

OutputName = Annotated[str, "name in an output folder"]
LIGHTNING_OUTPUTS = {
    **dict.fromkeys(("artifact_location", "dir", "dirpath", "root_dir", "save_dir", "tracking_uri"), OutputPath),
    **dict.fromkeys(("filename", "log_name", "name", "prefix", "sub_dir", "version"), OutputName),
}
"""Annotations of the arguments by which Lightning's callbacks and loggers say where to write."""
PLAIN = (Mapping, Iterable, bool, int, float, Path)
"""Kinds of class whose values are no parts."""
PARTS = ("gan.augment.", "gan.losses.", "gan.models.", "gan.nn.", "gan.schedules.", "torch.nn.")
"""Modules whose classes may stand where a constructor has no annotation; these open no files."""


def accept(
    saved: Mapping[str, Any],
    kinds: Kinds,
    trust: Trust,
    composed: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> dict[str, Any]:
    """Return a file's configuration as this call may use it. Nothing is built from a file but what this returns.

    Args:
        saved: Plain values from the file, with this call's overrides applied. Only references to keys are allowed.
        kinds: The parts that this call will build.
        trust: Whom this call trusts.
        composed: The configuration that this call composed, in plain values, for where to write; None if this call
            will not write.
        folder: Folder that this call may write to; None if nothing.

    Returns:
        The same values, references included. Paths to write to outside ``folder`` are those of ``composed``, or the
        constructor's default.

    Raises:
        UntrustedError: If a class is of a package that this call does not trust.
        UserError: If anything else is refused; the message names its key.
    """
    accepted = deepcopy(dict(saved))
    values = substitute(accepted)
    own = {} if composed is None else substitute(composed)
    with naming_origins(accepted):
        outputs = [output for key, hint in kinds.items() for output in _check(get_value(values, key), hint, key, trust)]
    for output in outputs:
        if folder is not None and output.is_inside(folder):
            continue
        found = get_value(own, output.key, default=output.default)
        if found is inspect.Parameter.empty:
            raise UserError(
                f"{output.key}={output.value} is not in the folder of this run: a file cannot say where to write, "
                f"so set {output.key} on the command line"
            )
        if composed is not None:
            log.info("%s=%s of the checkpoint is outside this run's folder: using %s", *output[:2], found)
        set_value(accepted, output.key, found)
    return accepted


def packages_to_trust(saved: Mapping[str, Any], kinds: Kinds, folder: Path | None = None) -> list[str]:
    """List the packages that a call without any trust would have to trust to build some parts of a configuration.

    Raises:
        UserError: If the configuration would be refused even so.
    """
    packages: list[str] = []
    while True:
        try:
            accept(saved, kinds, local_trust(packages), folder=folder)
        except UntrustedError as error:
            if error.package in packages:
                raise
            packages.append(error.package)
        else:
            return packages


class _Output(NamedTuple):
    """Argument that says where a part writes.

    Attributes:
        key: Key in the configuration.
        value: Its value.
        default: Default of the constructor.
        joined: Whether the value is joined to a folder, rather than relative to the current one.
    """

    key: str
    value: Any
    default: Any
    joined: bool

    def is_inside(self, folder: Path) -> bool:
        """Return whether the path lies in a folder."""
        path = folder / str(self.value) if self.joined else Path(str(self.value))
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _check(value: Any, hint: Any, key: str, trust: Trust) -> Iterator[_Output]:
    """Check every class that a node names, and yield the arguments that say where to write.

    Args:
        value: Plain value without references.
        hint: Annotation of its place, Any if there is none; or annotations by key.
        key: Its key.
        trust: Whom this call trusts.
    """
    options = [] if isinstance(hint, Mapping) else list(alternatives(hint))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check(item, item_hint(hint), f"{key}[{index}]", trust)
    if not isinstance(value, Mapping):
        return
    try:
        check_special_keys(value, key)
    except UserError as error:
        raise UserError(f"{error}: refused") from error
    if "_target_" not in value:
        for name, item in value.items():
            inner = hint.get(name, Any) if isinstance(hint, Mapping) else item_hint(hint)
            yield from _check_argument(item, inner, f"{key}.{name}", trust)
        if options and len(_parts(options)) == len(options):
            raise UserError(f"the checkpoint's {key} names no {_names(options)}: refused")
        return
    target = find_class(value["_target_"], key, trust)
    _check_kind(target, value, options, key, trust)
    try:
        hints, parameters = signature(target), inspect.signature(target).parameters
    except (ValueError, TypeError) as error:
        raise UserError(
            f"the checkpoint asks for {value['_target_']} (at {key}), which takes no options: refused"
        ) from error
    for name, item in arguments(value).items():
        if name not in hints:
            hint = did_you_mean(name, [f"{key}.{known}" for known in hints])
            raise OptionError(f"{key}.{name}", f": {target.__name__} takes no such option{hint}")
        by_lightning = issubclass(target, Callback | Logger) and hints[name] not in (OutputPath, OutputPath | None)
        hint = LIGHTNING_OUTPUTS.get(name, hints[name]) if by_lightning else hints[name]
        default = parameters[name].default if name in parameters else None
        yield from _check_argument(item, hint, f"{key}.{name}", trust, default)


def _check_argument(value: Any, hint: Any, key: str, trust: Trust, default: Any = None) -> Iterator[_Output]:
    if value is not None and any(option in (OutputPath, OutputName) for option in (hint, *get_args(hint))):
        yield _Output(key, value, default, joined=hint == OutputName)
    yield from _check(value, hint, key, trust)


def _check_kind(target: type, node: Mapping[str, Any], options: list[Any], key: str, trust: Trust) -> None:
    """Refuse a class that its place does not want.

    A place for functions wants classes whose objects can be called or, with ``_partial_``, those that it returns.

    Raises:
        UserError: If it is of another kind.
    """
    name, partial = node["_target_"], bool(node.get("_partial_"))
    functions = [option for option in options if get_origin(option) is Callable]
    untyped = any(option is Any or option is object or _is_protocol(option) for option in options)
    if partial:
        returned = (get_args(function)[-1] for function in functions if get_args(function))
        kinds = [kind for option in returned for kind in _classes(alternatives(option))]
        allowed = issubclass(target, tuple(kinds)) or (untyped and issubclass(target, OWN["torch.optim"]))
    else:
        kinds = _classes(options)
        called = bool(functions) and any("__call__" in vars(base) for base in target.__mro__)
        is_part = name.startswith(PARTS) or (
            not name.startswith(tuple(f"{own}." for own in OWN)) and trust.covers(name)
        )
        allowed = issubclass(target, tuple(kinds)) or ((untyped or called) and is_part)
    if not allowed:
        how = "with _partial_, " if partial else ""
        raise UserError(f"the checkpoint's {key} is {how}not a {_names(kinds)} but a {target.__name__}: refused")


def _classes(options: Iterable[Any]) -> list[type]:
    """Return the alternatives that are classes; protocols say nothing about a class."""
    return [
        option for option in options if inspect.isclass(option) and option is not object and not _is_protocol(option)
    ]


def _is_protocol(option: Any) -> bool:
    return bool(getattr(option, "_is_protocol", False))


def _parts(options: Iterable[Any]) -> list[type]:
    """Return the alternatives that are classes of parts, rather than of plain values."""
    return [kind for kind in _classes(options) if not issubclass(kind, PLAIN)]


def _names(kinds: Iterable[type]) -> str:
    return " or ".join(sorted({kind.__name__ for kind in kinds})) or "part"
