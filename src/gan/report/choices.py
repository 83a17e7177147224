"""What a run chose: its parts, and every value that differs from what those parts bring."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gan.config import CONF, compose_config, plain
from gan.errors import UserError
from gan.report.groups import comparable_config, differences

__all__ = ["Choices", "Value", "choices", "heading", "past_commands"]

PROGRAM = "# python train.py"
PARTS = ("model", "loss", "data", "trainer")
OWN = ("name", "run_dir", "id", "ckpt", "seed")


@dataclass(frozen=True)
class Value:
    """An option that was set: what the run has, and what it would have had; None where it is no option there."""

    key: str
    own: str | None
    usual: str | None


@dataclass(frozen=True)
class Choices:
    """What a run chose.

    Attributes:
        parts: The choice of each group that matters, such as ``model``: the four parts, and what else was asked for.
        values: What differs from what the parts bring; None where that cannot be told.
    """

    parts: dict[str, str]
    values: list[Value] | None


def heading(overrides: list[str], before: list[str]) -> str:
    """Return the comments that config.yaml begins with: the command, after those that a resumed run had before."""
    return "".join(f"{line}\n" for line in [*before, " ".join([PROGRAM, *map(shlex.quote, overrides)])])


def past_commands(folder: Path) -> list[str]:
    """Return the comments that a run's config.yaml begins with; none if there is no such file."""
    try:
        lines = (folder / "config.yaml").read_text(errors="replace").splitlines()
    except OSError:
        return []
    return [line for line in lines if line.startswith(PROGRAM)]


def choices(folder: Path, config: Mapping[str, Any]) -> Choices:
    """Compare a run with what its parts bring, as this project's ``conf/`` has them."""
    overrides = [override for line in past_commands(folder) for override in _parsed(line)]
    chosen = [override.input_line or "" for override in overrides if _is_choice(override)]
    if not chosen:
        chosen = _by_name(str(config.get("name", "")))
    explicit = {override.key_or_group for override in overrides}
    try:
        usual, groups = _usual(tuple(chosen))
    except (UserError, HydraException, OmegaConfBaseException, OSError):  # no conf/ here, or another one by now
        return Choices(dict(part.lstrip("+~").split("=", 1) for part in chosen if "=" in part), None)
    lists = {
        override.key_or_group: override.get_value_element_as_str() for override in overrides if _is_choice(override)
    }
    known = {group: groups.get(group, lists.get(group)) for group in (*PARTS, *lists)}
    parts = {group: choice for group, choice in known.items() if choice is not None}
    composed = OmegaConf.create(usual)
    unset = {}
    for key in sorted(OmegaConf.missing_keys(composed)):  # such as data.path, which has no default
        unset[key] = OmegaConf.select(OmegaConf.create(dict(config)), key)
        OmegaConf.update(composed, key, unset[key])
    for key in OWN:
        OmegaConf.update(composed, key, config.get(key))
    try:
        resolved = plain(composed)
    except OmegaConfBaseException:
        return Choices(parts, None)
    found = differences([comparable_config(resolved), comparable_config(config)])
    followed = {key for key in found if key not in explicit and _follows(key, usual, config)}
    values = [
        Value(key, own, default)
        for key, (default, own) in found.items()
        if key not in followed and (default != "auto" or key in explicit)  # which the run settled itself
    ]
    return Choices(parts, [*(Value(key, str(value), None) for key, value in unset.items()), *values])


@cache
def _usual(chosen: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Compose what choices bring, interpolations included, and say which choice each group has."""
    config = compose_config("train", [*chosen, "name=null", "run_dir=null"], with_hydra=True)
    groups = plain(config.hydra.runtime.choices, resolve=False)
    return {key: value for key, value in plain(config, resolve=False).items() if key != "hydra"}, groups


def _follows(key: str, usual: dict[str, Any], config: Mapping[str, Any]) -> bool:
    """Tell whether a value follows from another one, such as D's width from G's, and is what that one makes it."""
    raw: Any = usual
    for part in key.split("."):
        raw = raw.get(part) if isinstance(raw, dict) else None
    if not (isinstance(raw, str) and "${" in raw):
        return False
    own = OmegaConf.create(dict(config))
    value = OmegaConf.select(own, key)
    OmegaConf.update(own, key, raw)
    try:
        return bool(OmegaConf.select(own, key) == value)
    except OmegaConfBaseException:
        return False


def _parsed(line: str) -> list[Override]:
    try:
        return OverridesParser.create().parse_overrides(shlex.split(line.removeprefix(PROGRAM)))
    except (HydraException, ValueError):  # edited by hand
        return []


def _is_choice(override: Override) -> bool:
    """Tell the choice of a file in conf/ from the value of an option."""
    group = override.key_or_group
    return not override.is_sweep_override() and (group in PARTS or (CONF / group).is_dir())


def _by_name(name: str) -> list[str]:
    """Guess the model and the loss from a run's name, which they are unless it was given another."""
    model, _, loss = name.partition("-")
    known = all((CONF / group / f"{choice}.yaml").is_file() for group, choice in (("model", model), ("loss", loss)))
    return [f"model={model}", f"loss={loss}"] if known else []
