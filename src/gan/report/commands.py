"""The commands that go on from a run."""

import shlex
from pathlib import Path

__all__ = ["duration", "resume_command", "sample_command"]


def resume_command(folder: Path, steps: int) -> str:
    """Return the command that trains a run to twice its steps."""
    last = folder / "checkpoints" / "last.ckpt"
    return f"python train.py {shlex.quote(f'ckpt={last}')} trainer.max_steps={max(1, 2 * steps)}"


def sample_command(folder: Path) -> str:
    """Return the command that samples from a run's best checkpoint, or its last where nothing was evaluated."""
    best = folder / "checkpoints" / "best.ckpt"
    chosen = best if best.is_file() else best.with_name("last.ckpt")
    return f"python -m gan.sample {shlex.quote(str(chosen))} --num 64 --out grid.png"


def duration(seconds: float) -> str:
    """Write a time in minutes and seconds, or in hours and minutes where it is long."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 180 else f"{minutes // 60} h {minutes % 60} min"
