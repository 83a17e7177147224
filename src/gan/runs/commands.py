"""Command lines of a run: those that trained it, and those that resume it or sample from it."""

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gan.overrides import override
from gan.runs.folder import RunFolder, start_folder

__all__ = [
    "PREFIX",
    "LaterTrust",
    "command_comments",
    "command_line",
    "earlier_commands",
    "option",
    "parse_commands",
    "resume_command",
    "sample_command",
    "split_command",
    "trust_options",
    "trust_override",
]

PREFIX = "# python train.py"
ANSI_QUOTED = re.compile(r"(?<!\S)\$'((?:[^'\\]|\\.)*)'(?!\S)")  # a whole word, as ``command_line`` writes it


class LaterTrust(NamedTuple):
    """Packages that later commands must trust to read the checkpoints of a run.

    Attributes:
        sample: Packages of model and data, for commands that sample.
        resume: Packages of everything that training builds.
    """

    sample: Sequence[str] = ()
    resume: Sequence[str] = ()


def command_line(words: Iterable[str]) -> str:
    """Join words to one line that bash, zsh and ksh read as these words, control characters included."""
    return " ".join(shlex.quote(word) if word.isprintable() else _ansi_quote(word) for word in words)


def split_command(line: str) -> list[str]:
    """Split a line of ``command_line`` into its words.

    Raises:
        ValueError: If a quotation mark is missing.
    """
    return shlex.split(ANSI_QUOTED.sub(lambda match: shlex.quote(_ansi_unquote(match[1])), line))


def option(key: str, value: object) -> str:
    """Return an option of ``train.py`` to be pasted into a shell, quoted for Hydra and for the shell."""
    return command_line([override(key, value)])


def command_comments(overrides: Iterable[str], earlier: Iterable[str] = ()) -> str:
    """Return the comments at the top of config.yaml: one line per command.

    Args:
        overrides: Overrides of the current command.
        earlier: Comments of earlier commands, if the run is resumed.
    """
    command = f"{PREFIX} {command_line(overrides)}".rstrip()
    return "".join(f"{line}\n" for line in [*earlier, command])


def earlier_commands(run: RunFolder) -> list[str]:
    """Return the comments with commands in a run's config.yaml; none if there is no such file."""
    try:
        return parse_commands(run.config.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return []


def parse_commands(config: str) -> list[str]:
    """Return the comments with commands in the text of a config.yaml."""
    return [line for line in config.splitlines() if line.startswith(PREFIX)]


def trust_options(packages: Iterable[str]) -> str:
    """Return the options by which a command that reads a checkpoint trusts packages, as in ``--trust mypkg``."""
    return " ".join(f"--trust {package}" for package in packages)


def trust_override(packages: Sequence[str]) -> str:
    """Return the override by which a resumed run trusts packages, quoted for the shell; empty if there are none."""
    return command_line([f"trust=[{','.join(packages)}]"]) if packages else ""


def resume_command(run: RunFolder, steps: int, trust: Sequence[str] = ()) -> str:
    """Return the command that trains a run of ``steps`` generator updates for as many again, trusting packages."""
    program = "train.py" if (start_folder() / "train.py").is_file() else "-m gan"  # outside a checkout
    command = f"python {program} {option('ckpt', run.last)} trainer.max_steps={max(1, 2 * steps)}"
    return f"{command} {trust_override(trust)}".rstrip()


def sample_command(run: RunFolder, trust: Sequence[str] = ()) -> str:
    """Return the command that samples from a run's best checkpoint, or from its latest if nothing was evaluated."""
    checkpoint = str(run.preferred_checkpoint)
    argument = command_line([f"./{checkpoint}" if checkpoint.startswith("-") else checkpoint])
    return f"python -m gan.sample {argument} --num 64 --out grid.png {trust_options(trust)}".rstrip()


def _ansi_quote(word: str) -> str:
    r"""Quote a word as ``$'...'``, with the bytes of control characters and invalid names as octal ``\ooo``."""
    kept = ("\\" + c if c in "\\'" else c if c.isprintable() else _octal(c) for c in word)
    return f"$'{''.join(kept)}'"


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))


def _ansi_unquote(inner: str) -> str:
    encoded = re.sub(rb"\\([0-7]{3}|.)", _byte, os.fsencode(inner))
    return os.fsdecode(encoded)


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)]) if len(match[1]) == 3 else match[1]
