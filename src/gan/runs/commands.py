"""Command lines of a run: those that trained it, and those that resume it or sample from it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gan.overrides import option
from gan.runs.folder import RunFolder, relative_to_cwd, start_folder
from gan.shell import command_line

__all__ = [
    "PREFIX",
    "LaterTrust",
    "command_comments",
    "earlier_commands",
    "parse_commands",
    "resume_command",
    "sample_command",
    "trust_options",
    "trust_override",
]

PREFIX = "# python train.py"
USES = ("sample", "translate")  # commands that use a generator


class LaterTrust(NamedTuple):
    """Packages that later commands must trust to read the checkpoints of a run.

    Attributes:
        sample: Packages of model and data, for commands that sample.
        resume: Packages of everything that training builds.
    """

    sample: Sequence[str] = ()
    resume: Sequence[str] = ()


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


def resume_command(run: RunFolder, steps: int, max_steps: int, trust: Sequence[str] = ()) -> str:
    """Return the command that goes on with a run to its end or, if it has reached that, for as many steps again.

    Args:
        run: Folder of the run.
        steps: Generator updates so far.
        max_steps: Generator updates at which it ends; -1 for a run without an end.
        trust: Packages to trust.
    """
    program = "train.py" if (start_folder() / "train.py").is_file() else "-m gan"  # outside a checkout
    further = f"trainer.max_steps={max(1, 2 * steps)}" if 0 <= max_steps <= steps else ""
    words = ["python", program, option("ckpt", _shown(run, run.last)), further, trust_override(trust)]
    return " ".join(filter(None, words))


def sample_command(run: RunFolder, trust: Sequence[str] = (), usage: Sequence[str] = ()) -> str:
    """Return the command that uses a run's best checkpoint, or its latest if nothing was evaluated.

    Args:
        run: The run.
        trust: Packages to trust.
        usage: The command, and its options, that results.json records; empty for those that draw samples.
    """
    checkpoint = _shown(run, run.preferred_checkpoint)
    argument = command_line([f"./{checkpoint}" if checkpoint.startswith("-") else checkpoint])
    if not usage or usage[0] not in USES:
        usage = ["sample", "--num", "64", "--out", "samples.txt" if run.sample_texts() else "grid.png"]
    verb, *options = usage
    return f"python -m gan.{verb} {argument} {command_line(options)} {trust_options(trust)}".rstrip()


def _shown(run: RunFolder, path: Path) -> str:
    """Return a path of a run relative to the user's current folder."""
    return str(relative_to_cwd(run.path) / path.relative_to(run.path))
