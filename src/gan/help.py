"""Help of ``train.py``: the choices of each group, described by the comments in ``conf``. Imports no torch."""

import re
import shutil
import textwrap
from pathlib import Path

from omegaconf import OmegaConf

__all__ = [
    "PARTS",
    "choices",
    "choices_help",
    "default_choices",
    "groups",
    "head_comment",
    "register_choices",
    "split_choice",
    "summary",
]

PARTS = ("model", "loss", "data", "trainer")
"""Groups of the four parts of a run."""

NOT_CHOSEN = ("base", "help", "job_logging")  # last names of the folders that only other files refer to
NESTED = "experiment"  # the group whose choices may lie in folders: experiment=course/alternating


def groups(conf: Path) -> list[str]:
    """List the groups to choose from, those of the four parts first."""

    def order(name: str) -> tuple[int, str]:
        part = name.split("/")[0]
        return (PARTS.index(part) if part in PARTS else len(PARTS), name)

    folders = {path.parent.relative_to(conf) for path in conf.rglob("*.yaml") if path.parent != conf}
    names = {_group(conf, folder) for folder in folders if folder.name not in NOT_CHOSEN}
    return sorted(names, key=order)


def _group(conf: Path, folder: Path) -> str:
    """Return the group that the files of a folder belong to.

    A recipe may lie in a folder. A folder that is named like the recipe beside it is a group of its own, which belongs
    to that recipe, as ``experiment/course/hacks`` to ``experiment=course/hacks``.
    """
    is_recipes = folder.parts[0] == NESTED and not (conf / folder).with_suffix(".yaml").is_file()
    return NESTED if is_recipes else folder.as_posix()


def choices(conf: Path, group: str) -> dict[str, Path]:
    """Return the files of a group by the choice that they are, such as ``dcgan`` or ``course/alternating``."""
    folder = conf / group
    paths = sorted(folder.glob("**/*.yaml" if group == NESTED else "*.yaml"))
    paths = [path for path in paths if group != NESTED or _group(conf, path.parent.relative_to(conf)) == NESTED]
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in paths}


def split_choice(conf: Path, path: str) -> tuple[str, str]:
    """Return the group and the choice of a file, given by its path in ``conf/`` without the suffix."""
    folder, _, name = path.rpartition("/")
    group = _group(conf, Path(folder)) if folder else folder
    return group, path.removeprefix(f"{group}/") if folder else name


def default_choices(conf: Path) -> dict[str, tuple[str, str]]:
    """Return the choice and the comment of each group in the defaults of ``train.yaml``."""
    lines = re.findall(
        r"^  - ([\w/]+): (.+?)(?:\s+# (.*))?$", (conf / "train.yaml").read_text(encoding="utf-8"), re.MULTILINE
    )
    return {group: (choice, comment) for group, choice, comment in lines}


def head_comment(path: Path) -> str:
    """Return the comment at the head of a YAML file, without the line that names its package."""
    head = re.match(r"(#.*\n)*", path.read_text(encoding="utf-8"))
    lines = head.group().splitlines() if head else []
    return "\n".join(line.removeprefix("#").strip() for line in lines if not line.startswith("# @package"))


def summary(path: Path) -> str:
    """Return the first sentence of a YAML file's head comment, without the command that follows it."""
    text = re.split(r":?\s*python (?:train\.py|-m )", " ".join(head_comment(path).split()))[0]
    return re.split(r"(?<!\bal)\. (?=[A-Z])", text)[0].rstrip(".:")


def choices_help(conf: Path, *others: Path) -> str:
    """List all groups and their choices, also those of a user's folders, wrapped to the width of the terminal."""
    width, defaults = shutil.get_terminal_size().columns, default_choices(conf)
    blocks = []
    for group in dict.fromkeys(group for folder in (conf, *others) for group in groups(folder)):
        default, comment = defaults.get(group, ("", ""))
        title = f"{group}: {comment}" if comment else group
        paths = [item for folder in (conf, *others) for item in choices(folder, group).items()]
        column = max(len(choice) for choice, _ in paths) + 4
        lines = [f"{title} (default: {default})" if default else title]
        for choice, path in paths:
            text = f"  {choice}".ljust(column) + summary(path)
            lines.append(textwrap.fill(text, width, subsequent_indent=" " * column, break_on_hyphens=False))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def register_choices(*folders: Path) -> None:
    """Register ``${choices:}`` with OmegaConf, for Hydra's help template, in which ``$`` must be escaped."""
    OmegaConf.register_new_resolver("choices", lambda: choices_help(*folders).replace("$", "$$"), replace=True)
