"""Choices of a run: its config groups, and the options that differ from their defaults."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gan.config import CONF, compose_config, plain
from gan.errors import UserError
from gan.help import PARTS
from gan.report.differences import comparable_config, differences
from gan.runs.commands import PREFIX
from gan.shell import split_command

__all__ = ["ChangedOption", "Choices", "find_choices"]

NOT_COMPARED = ("name", "run_dir", "id", "ckpt", "seed")


@dataclass(frozen=True)
class ChangedOption:
    """Option of a run and its default; None where there is no such option."""

    key: str
    value: str | None
    default: str | None


@dataclass(frozen=True)
class Choices:
    """Choices of a run.

    Attributes:
        groups: The choices of the four parts, such as ``model``, and of other groups that a command named.
        options: Options that differ from the defaults of these choices; None if the defaults are unknown.
    """

    groups: dict[str, str]
    options: list[ChangedOption] | None


@dataclass(frozen=True)
class _Defaults:
    """Configuration that some choices compose to, with its interpolations, and the choice in each group."""

    config: dict[str, Any]
    groups: dict[str, str | None]


def find_choices(commands: Iterable[str], config: Mapping[str, Any]) -> Choices:
    """Compare a run's configuration with the defaults of the groups that it chose, as composed from ``conf/`` today.

    Args:
        commands: Commands of the run, as in the comments of config.yaml.
        config: Resolved configuration of the run.
    """
    overrides = [override for command in commands for override in _parse(command) if not _interpolates(override)]
    named = {o.key_or_group: o.get_value_element_as_str() for o in overrides if _chooses_group(o)}
    chosen = [override.input_line or "" for override in overrides if _chooses_group(override)]
    try:
        chosen = chosen or _guess_from_name(str(config.get("name", "")))
        defaults = _compose_defaults(tuple(chosen))
    except (UserError, HydraException, OmegaConfBaseException, OSError):  # conf/ is missing or has changed
        return Choices(dict(choice.lstrip("+~").split("=", 1) for choice in chosen if "=" in choice), None)
    groups = {group: defaults.groups.get(group, named.get(group)) for group in (*PARTS, *named)}
    resolved = "${" not in json.dumps(config, default=str)  # as any run's is
    explicit = {override.key_or_group for override in overrides}
    return Choices(
        {group: choice for group, choice in groups.items() if choice is not None},
        _changed_options(config, defaults.config, explicit) if resolved else None,
    )


def _changed_options(
    config: Mapping[str, Any], defaults: dict[str, Any], explicit: set[str]
) -> list[ChangedOption] | None:
    """List required options, then those that differ from their defaults; None if the defaults cannot be resolved.

    Options that follow from others are left out, and so are those that the run chose for ``auto``.

    Args:
        config: Configuration of the run.
        defaults: Default configuration, with its interpolations.
        explicit: Options that the commands set.
    """
    run, default = OmegaConf.create(dict(config)), OmegaConf.create(defaults)
    required = sorted(OmegaConf.missing_keys(default))  # options without a default, such as data.path
    for key in (*required, *NOT_COMPARED):
        OmegaConf.update(default, key, OmegaConf.select(run, key))
    try:
        resolved = plain(default)
    except OmegaConfBaseException:
        return None
    changed = [ChangedOption(key, str(OmegaConf.select(run, key)), None) for key in required]
    for key, (before, after) in differences([comparable_config(resolved), comparable_config(config)]).items():
        implied = before == "auto" or _follows_from_others(key, defaults, run)
        if key in explicit or not implied:
            changed.append(ChangedOption(key, after, before))
    return changed


@cache
def _compose_defaults(chosen: tuple[str, ...]) -> _Defaults:
    config = compose_config("train", [*chosen, "name=null", "run_dir=null"], with_hydra=True)
    groups = plain(config.hydra.runtime.choices, resolve=False)
    return _Defaults({key: value for key, value in plain(config, resolve=False).items() if key != "hydra"}, groups)


def _follows_from_others(key: str, defaults: dict[str, Any], run: DictConfig) -> bool:
    """Return whether an option's default is an interpolation of other options that gives the run's value."""
    default: Any = defaults
    for part in key.split("."):
        default = default.get(part) if isinstance(default, dict) else None
    if not (isinstance(default, str) and "${" in default):
        return False
    interpolated = run.copy()
    OmegaConf.update(interpolated, key, default)
    try:
        return bool(OmegaConf.select(interpolated, key) == OmegaConf.select(run, key))
    except OmegaConfBaseException:
        return False


def _parse(command: str) -> list[Override]:
    """Parse the overrides of a command; a damaged one has none."""
    try:
        return OverridesParser.create().parse_overrides(split_command(command.removeprefix(PREFIX)))
    except (HydraException, ValueError):
        return []


def _interpolates(override: Override) -> bool:
    """Return whether an override holds ``${...}``, which is not resolved here: the file may be a stranger's."""
    return "${" in (override.input_line or "")


def _chooses_group(override: Override) -> bool:
    """Return whether an override chooses a file in ``conf/``; others set the value of an option."""
    group = override.key_or_group
    return not override.is_sweep_override() and (group in PARTS or (CONF / group).is_dir())


def _guess_from_name(name: str) -> list[str]:
    """Read model and loss from a run's name, which is ``<model>-<loss>`` by default."""
    model, _, loss = name.partition("-")
    known = all((CONF / group / f"{choice}.yaml").is_file() for group, choice in (("model", model), ("loss", loss)))
    return [f"model={model}", f"loss={loss}"] if known else []
