"""Groups without a choice on the command line, which Hydra does not take: ``group=null`` is the choice ``none``."""

import re
from collections.abc import Iterable
from pathlib import Path

from gan.errors import UserError
from gan.formats import listed

__all__ = ["replace_null"]

OPTIONAL = ("debug", "experiment")  # groups of which nothing is chosen by default
NO_CHOICE = ("[]", "{}")  # Hydra accepts these, and leaves the group's key out
PLAIN_VALUE = re.compile(r"true|false|[-+]?(inf|nan|[\d.][\d._]*(e[-+]?\d+)?)|\{.*\}", re.IGNORECASE)
MANY = 30  # choices that a message names


def replace_null(arguments: Iterable[str], conf: Path) -> list[str]:
    """Return command-line arguments with ``none`` for ``null`` as the choice in a group, also in lists and sweeps.

    Args:
        arguments: Overrides and flags. ``group=[]``, ``group={}`` and ``~group`` are the same as ``group=null``.
        conf: Folder of the groups.

    Raises:
        UserError: If nothing can take the place of a group, or a group is given a value that names no choice.
    """
    replaced = (_replace(argument, conf) for argument in arguments)
    return [argument for argument in replaced if argument is not None]


def _replace(argument: str, conf: Path) -> str | None:
    """Return what Hydra takes in place of an argument; None to leave it out."""
    deleted = argument.startswith("~")
    group, equals, value = argument.removeprefix("~").partition("=")
    choices = sorted(path.stem for path in (conf / group.lstrip("+")).glob("*.yaml"))
    if not choices or not (equals or deleted):
        return argument
    if deleted or value in NO_CHOICE:
        equals, value = "=", "null"
    if value == "null" and group in OPTIONAL:
        return None
    there_are = f"there are {listed(choices[:MANY], len(choices))}"
    values = value[1:-1].split(",") if value.startswith("[") and value.endswith("]") else [value]
    if any(PLAIN_VALUE.fullmatch(item.strip()) for item in values):
        raise UserError(f"{argument}: {group} is a choice; {there_are}")
    if not re.search(r"\bnull\b", value):
        return argument
    if "none" not in choices:
        hint = "for no scores, set callbacks.evaluation=null" if group == "metric" else there_are
        raise UserError(f"{argument}: a run needs a choice of {group}; {hint}")
    return group + equals + re.sub(r"\bnull\b", "none", value)
