"""Generate docs/reference: ``python docs/generate.py`` writes its pages, ``--check`` fails if one is out of date."""

import ast
import inspect
import os
import re
import subprocess
import sys
from argparse import ArgumentParser, HelpFormatter, _SubParsersAction
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from hydra.utils import get_object

from gan.help import choices, default_choices, groups, head_comment

ROOT = Path(__file__).parents[1]
CONF = ROOT / "conf"
FOLDER = ROOT / "docs" / "reference"
NOTICE = "<!-- Written by docs/generate.py: edit what it reads, and run it again. -->"

WIDTH = 100  # characters per line of help
ARGUMENT = r"(?: (?:[^\s;]*=[^\s;]+|-[^\s;]+|[A-Z]+|\d+))"
COMMAND = re.compile(rf"(?:\w+=\S+ )?python (?:train\.py|-m gan\.\w+(?: [a-z]+)?){ARGUMENT}*")

API = {  # modules, and packages all modules of which are shown
    "Training": ["gan.api"],
    "Trained generators": ["gan.checkpoint.trained"],
    "Models": ["gan.models"],
    "Losses": ["gan.losses"],
    "Layers": ["gan.nn"],
    "Data": ["gan.data"],
    "Augmentation": ["gan.augment"],
    "Feature extractors": ["gan.features"],
    "Metrics": ["gan.metrics"],
    "Callbacks": ["gan.callbacks"],
    "Loggers": ["gan.loggers"],
    "Latent space": ["gan.latent"],
    "Schedules, types, random numbers, configuration": [
        "gan.schedules",
        "gan.types",
        "gan.keyed_random",
        "gan.config",
        "gan.instantiate",
    ],
}


def main() -> None:
    """Write the pages, or check them."""
    parser = ArgumentParser(description="Write the pages of docs/reference.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is out of date")
    check = parser.parse_args().check
    for name, page in {"configuration": configuration, "commands": commands, "api": api}.items():
        path, text = FOLDER / f"{name}.md", "\n\n".join(page()) + "\n"
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"docs/reference/{path.name} is out of date: run python docs/generate.py")


def configuration() -> Iterator[str]:
    """Yield the page of all options: each key of each choice of each group."""
    yield f"# Configuration\n\n{NOTICE}"
    yield (
        "A *group* is a folder in `conf/`, and a *choice* is a file in it: `model=dcgan` chooses "
        "`conf/model/dcgan.yaml`. An *option* is a key: `model.packing=2` sets one. The command line overrides every "
        "file, and a choice overrides what it extends. `${...}` takes the value of another option; `???` must be set. "
        "An option named `_target_` is a class, and the options beside it are the arguments of its constructor. "
        "Descriptions are from the docstrings of classes; what is in italics is the comment in the file."
    )
    yield "## train.py"
    yield from describe_file(CONF / "train.yaml", "")
    defaults = default_choices(CONF)
    for group in groups(CONF):
        default, comment = defaults.get(group, ("", ""))
        yield f"## {group}"
        if default:
            yield f"{comment[:1].upper()}{comment[1:]}. Default: `{group}={default}`."
        for choice, path in choices(CONF, f"{group}/base").items():
            yield f"### {group}/base/{choice}"
            yield from describe_file(path, group)
        for choice, path in choices(CONF, group).items():
            yield f"### {group}={choice}"
            yield from describe_file(path, group)
    yield "## gan.evaluate"
    yield from describe_file(CONF / "evaluate.yaml", "")


def describe_file(path: Path, group: str) -> Iterator[str]:
    """Yield a YAML file's head comment, the choices that it makes, and a table of its options."""
    text = path.read_text(encoding="utf-8")
    yield from paragraphs(head_comment(path))
    if group and (lines := list(choices_made(yaml.safe_load(text), group))):
        yield "\n".join(lines)
    package = re.search(r"^# @package (\S+)$", text, re.MULTILINE)
    prefix = package.group(1).replace("_global_", "") if package else group.replace("/", ".")
    rows = list(options(yaml.compose(text), text.splitlines(), prefix))
    if any(description for *_, description in rows):
        yield table(("option", "default", "description"), rows)
    elif rows:  # a recipe, which sets options that are described with the group that they belong to
        yield table(("option", "value"), [row[:2] for row in rows])


def paragraphs(comment: str) -> Iterator[str]:
    """Yield a comment as Markdown: its commands are code, and one at the start of a line is a paragraph."""
    marked = COMMAND.sub(lambda match: f"`{match.group()}`", comment)
    for paragraph in re.split(r"\n(?=`)|(?<=`)\n", marked):
        if paragraph.strip():
            yield paragraph.strip()


def choices_made(config: dict[str, Any], group: str) -> Iterator[str]:
    """Yield a line for each choice that a file extends, and for each that it makes in another group."""
    for entry in config.get("defaults", []):
        if isinstance(entry, dict):
            ((key, choice),) = entry.items()
            name = key.removeprefix("override ").partition("@")[0]
            name = name.removeprefix("/") if name.startswith("/") else f"{group}/{name}"
            value = f"[{','.join(choice)}]" if isinstance(choice, list) else choice
            yield f"- Chooses `{name}={value}`."
        elif entry != "_self_":
            name = entry.partition("@")[0]
            heading = f"{group}/{name}" if "/" in name else f"{group}={name}"
            yield f"- Extends `{heading}`."


def options(node: yaml.MappingNode, lines: list[str], prefix: str) -> Iterator[tuple[str, str, str]]:
    """Yield key, default and description of each option below a node of a YAML file.

    Args:
        node: The node.
        lines: The file, for the comments behind values.
        prefix: Full key of the node.
    """
    target = next((value.value for key, value in node.value if key.value == "_target_"), "")
    for key, value in node.value:
        name = f"{prefix}.{key.value}" if prefix else key.value
        nested = isinstance(value, yaml.MappingNode)
        if key.value in ("defaults", "_partial_"):
            continue
        if isinstance(value, yaml.SequenceNode) and not value.flow_style:
            comment = "".join(re.findall(r"#\s(.*)", lines[key.end_mark.line][key.end_mark.column :])[:1])
            yield f"`{name}`", f"{len(value.value)} in a list", f"*{escape(comment)}*" if comment else ""
            for index, item in enumerate(value.value):
                yield from options(item, lines, f"{name}[{index}]")
            continue
        mark = key.end_mark if nested else value.end_mark
        comment = (re.findall(r"#\s(.*)", lines[mark.line][mark.column :]) or [""])[0]
        if nested:
            if comment:
                yield f"`{name}`", "", escape(comment)
            yield from options(value, lines, name)
            continue
        default = lines[value.start_mark.line][value.start_mark.column : value.end_mark.column]
        description = describe_class(target) if key.value == "_target_" else describe_argument(target, key.value)
        texts = [escape(description)] * bool(description) + [f"*{escape(comment)}*"] * bool(comment)
        yield f"`{name}`", f"`{default}`", "<br>".join(texts)


def describe_class(target: str) -> str:
    """Return the first line of a class's docstring; for a class from elsewhere, a link to its page."""
    if target.startswith("gan."):
        return (inspect.getdoc(get_object(target)) or "").partition("\n")[0]
    return f"See [{target}](https://docs.pytorch.org/docs/stable/generated/{target}.html)." if "." in target else ""


@cache
def describe_argument(target: str, name: str) -> str:
    """Return the description of an argument from the docstring of a class of this project or of its base classes."""
    if not target.startswith("gan."):
        return f"Argument of {target}." if "." in target else ""
    for owner in inspect.getmro(get_object(target)):
        heading = "Attributes" if is_dataclass(owner) else "Args"
        section = re.search(rf"^{heading}:\n((?: +.*\n?|\n)*)", inspect.cleandoc(owner.__doc__ or ""), re.MULTILINE)
        description = re.search(rf"^    {name}: (.*(?:\n     +.*)*)", section.group(1) if section else "", re.MULTILINE)
        if description:
            return " ".join(description.group(1).split())
    return ""


def escape(text: str) -> str:
    """Escape text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ("---",) * len(head), *rows])


def commands() -> Iterator[str]:
    """Yield the page of all commands: what ``--help`` prints."""
    yield f"# Commands\n\n{NOTICE}"
    yield "Each section is the output of the command with `--help`."
    environment = os.environ | {"COLUMNS": str(WIDTH)}
    shown = subprocess.run(
        [sys.executable, "train.py", "--help"], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    yield from section("##", "python train.py", shown.stdout)
    for package in sorted(path.parent.name for path in (ROOT / "src" / "gan").glob("*/__main__.py")):
        yield from describe_parser("##", parser_of(f"gan.{package}.__main__"))


def describe_parser(level: str, parser: ArgumentParser) -> Iterator[str]:
    """Yield the help of a command, and that of its subcommands."""
    parser.formatter_class = Formatter
    yield from section(level, parser.prog, parser.format_help())
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for subcommand in action.choices.values():
                yield from describe_parser(f"{level}#", subcommand)


def section(level: str, title: str, text: str) -> Iterator[str]:
    """Yield a heading, and text as it is."""
    yield f"{level} {title}"
    yield f"```text\n{text.strip()}\n```"


def parser_of(module: str) -> ArgumentParser:
    """Return the parser of a command, which is run up to where it parses its arguments."""
    parsers: list[ArgumentParser] = []

    def keep_and_exit(parser: ArgumentParser, *_: Any) -> None:
        parsers.append(parser)
        raise SystemExit

    with patch.object(ArgumentParser, "parse_args", keep_and_exit), suppress(SystemExit):
        import_module(module).main()
    (parser,) = parsers
    return parser


class Formatter(HelpFormatter):
    """Help of a fixed width that is the same on every version of Python."""

    def __init__(self, prog: str, **_: Any) -> None:
        super().__init__(prog, width=WIDTH)

    def _format_action_invocation(self, action: Any) -> str:
        """Write ``-n, --num NUM``, as Python 3.13 does; earlier versions repeat NUM."""
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"


def api() -> Iterator[str]:
    """Yield the page of the Python API: directives that mkdocstrings replaces by signatures and docstrings."""
    yield f"# Python API\n\n{NOTICE}"
    yield (
        "```python\nimport gan\n\n"
        'generator = gan.load("runs/2026-01-31/12-00-00-dcgan-wgan_gp")\n'
        "images = generator.sample(16)  # in [-1, 1], with shape (16, C, H, W)\n```"
    )
    for title, names in API.items():
        yield f"## {title}"
        for name in names:
            path = ROOT / "src" / name.replace(".", "/")
            if not path.is_dir():
                yield f"::: {name}"
                continue
            yield ast.get_docstring(ast.parse((path / "__init__.py").read_text(encoding="utf-8"))) or ""
            for module in sorted(path.rglob("*.py")):
                if module.stem != "__init__":
                    yield f"::: {'.'.join(module.relative_to(ROOT / 'src').with_suffix('').parts)}"


if __name__ == "__main__":
    main()
