"""Options of a resumed run: those of its checkpoint, changed by the command line's."""

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from gan.config import default_options, option_names
from gan.errors import UserError, did_you_mean
from gan.foreign_options import what_to_use
from gan.formats import printable
from gan.substitution import get_value, set_value

__all__ = ["admit_saved_options", "changes", "resumed"]

RECIPES = ("data", "debug", "experiment", "loss", "model")  # groups whose choices set options of other groups too
OWN_KEYS = ("ckpt", "run_dir", "trust")
"""Options that a call gives, and a file never: what to resume, where to write, and whom to trust."""
SINGLE_OPTION = re.compile(r"(?!hydra\.)([A-Za-z_]\w*(?:\.\w+)+)=")
MISSING = object()


def admit_saved_options(arguments: Sequence[str], config_name: str) -> list[str]:
    """Let a command line that resumes a run set options which the default configuration lacks and the run may have.

    ``++`` is put before them, so that Hydra composes them; ``resumed`` refuses those that the run lacks.

    Args:
        arguments: Command line.
        config_name: Primary configuration in ``conf/``.
    """
    keys = {argument: match[1] for argument in arguments if (match := SINGLE_OPTION.match(argument))}
    if not keys or not any(re.match(r"ckpt=(?!null$)", argument) for argument in arguments):
        return list(arguments)
    known = {None, *default_options(config_name, arguments)}
    return [f"++{argument}" if keys.get(argument) not in known else argument for argument in arguments]


def resumed(saved: Mapping[str, Any], composed: Mapping[str, Any], overrides: list[str]) -> dict[str, Any]:
    """Return a checkpoint's configuration with only the command line's overrides changed.

    The choice of a group replaces all options of that group.

    Args:
        saved: Configuration from the checkpoint, in plain values with references to keys.
        composed: Configuration composed from the command line, in the same form.
        overrides: The command line's overrides.

    Raises:
        UserError: If an override deletes an option, replaces a whole recipe, names other weights to start from, or sets
            an option that the run lacks.
    """
    config = deepcopy(dict(saved))
    parsed = [(_key(override), override) for override in OverridesParser.create().parse_overrides(overrides)]
    for key, override in parsed:
        if override.is_delete():
            raise UserError(f"{override.input_line}: a resumed run keeps its options; set them instead")
        if key in RECIPES:
            raise UserError(f"{override.input_line}: a resumed run keeps its recipe; set single options instead")
        if key == "init" and composed.get("init") is not None:
            raise UserError(
                f"{override.input_line}: a resumed run goes on from its own weights; leave out init or ckpt"
            )
        if not key.startswith("hydra"):
            set_value(config, key, get_value(composed, key))
    for key, override in parsed:
        if not (key.startswith("hydra") or _is_option(key, override, saved, config)):
            known = option_names(saved)
            raise UserError(what_to_use(key) or f"this run has no option '{key}'{did_you_mean(key, known)}")
    return config | {key: composed.get(key) for key in OWN_KEYS}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Describe what a resume changes of a run's configuration, one option a line: ``seed: 0 -> 1``."""
    old, new = ({key: value for key, value in run.items() if key not in OWN_KEYS} for run in (before, after))
    return [f"{key}: {_shown(value)} -> {_shown(changed)}" for key, value, changed in _differences(old, new)]


def _key(override: Override) -> str:
    """Return the dotted key that an override sets; the choice of a group sets that of its package."""
    key = override.package or override.key_or_group.replace("/", ".")
    return "metric.measures" if key == "metric" else key  # replaces the measures; the run keeps its features


def _is_option(key: str, override: Override, saved: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Return whether a key may be set: the run has it, or its part can take it, or ``+`` adds it.

    Args:
        key: Dotted key.
        override: The override that sets it.
        saved: Configuration of the run.
        config: The same with all overrides.
    """
    if get_value(saved, key, MISSING) is not MISSING or override.is_add():
        return True
    parents = [key[: match.start()] for match in re.finditer(r"\.", key)]
    in_part = any("_target_" in (get_value(config, parent) or {}) for parent in parents)
    if in_part or parents == ["trainer"]:  # the constructor's signature says which options there are
        return True
    of_newer_version = not parents or isinstance(get_value(saved, parents[-1]), Mapping)
    return of_newer_version and not override.is_force_add()


def _differences(before: Any, after: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the keys whose values differ, with both values; a part that is added or left out is one value."""
    if before is None and _is_group(after):
        before = {}
    if after is None and _is_group(before):
        after = {}
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _differences(before.get(name), after.get(name), f"{key}.{name}" if key else str(name))
    elif before != after:
        yield key, before, after


def _is_group(value: Any) -> bool:
    return isinstance(value, Mapping) and "_target_" not in value


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    return printable(str(value.get("_target_") if isinstance(value, Mapping) else value), 80)
