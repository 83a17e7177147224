"""``group=null`` on the command line, which Hydra does not take: the choice ``none`` of the group."""

import re
from collections.abc import Iterable
from pathlib import Path

from gan.errors import UserError

__all__ = ["replace_null"]

UNCHOSEN = ("debug=null", "experiment=null")  # as they are by default


def replace_null(arguments: Iterable[str], conf: Path) -> list[str]:
    """Return command-line arguments with ``none`` for ``null`` as the choice in a group, also in lists and sweeps.

    Args:
        arguments: Overrides and flags.
        conf: Folder of the groups.

    Raises:
        UserError: If nothing can take the place of a group.
    """
    given = (argument for argument in arguments if argument not in UNCHOSEN)
    return [_replace(argument, conf) for argument in given]


def _replace(argument: str, conf: Path) -> str:
    group, equals, value = argument.partition("=")
    folder = conf / group.lstrip("+")
    if not re.search(r"\bnull\b", value) or not any(folder.glob("*.yaml")):
        return argument
    if not (folder / "none.yaml").is_file():
        choices = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        hint = "for no scores, set callbacks.evaluation=null" if group == "metric" else f"there are {choices}"
        raise UserError(f"{argument}: a run needs a choice of {group}; {hint}")
    return group + equals + re.sub(r"\bnull\b", "none", value)
