"""Command lines of a run: those that trained it, and those that resume it or sample from it."""

import shlex
from collections.abc import Iterable
from pathlib import Path

from gan.runs.folder import RunFolder

__all__ = ["PREFIX", "command_comments", "earlier_commands", "parse_commands", "resume_command", "sample_command"]

PREFIX = "# python train.py"


def command_comments(overrides: Iterable[str], earlier: Iterable[str] = ()) -> str:
    """Return the comments at the top of config.yaml: one line per command.

    Args:
        overrides: Overrides of the current command.
        earlier: Comments of earlier commands, if the run is resumed.
    """
    command = " ".join([PREFIX, *map(shlex.quote, overrides)])
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


def resume_command(run: RunFolder, steps: int) -> str:
    """Return the command that trains a run of ``steps`` generator updates for as many again."""
    ckpt = shlex.quote(f"ckpt={run.last}")
    program = "train.py" if Path("train.py").is_file() else "-m gan"  # outside a checkout
    return f"python {program} {ckpt} trainer.max_steps={max(1, 2 * steps)}"


def sample_command(run: RunFolder) -> str:
    """Return the command that samples from a run's best checkpoint, or from its latest if nothing was evaluated."""
    return f"python -m gan.sample {shlex.quote(str(run.preferred_checkpoint))} --num 64 --out grid.png"
