"""Where a run writes: a new folder, or the one that it is resumed in."""

from pathlib import Path

from omegaconf import OmegaConf

__all__ = ["register", "run_folder"]


def run_folder(ckpt: str | None, new: str) -> str:
    """Return the folder of a run.

    Args:
        ckpt: The checkpoint that it is resumed from, ``<folder>/checkpoints/<name>``; None for a new run.
        new: The folder for a new run.

    Returns:
        The folder that the checkpoint belongs to, or ``new``.
    """
    if ckpt is None:
        return new
    path = Path(ckpt)
    if path.is_dir():
        return str(path)
    return str(path.parent.parent) if path.parent.name == "checkpoints" else new


def register() -> None:
    """Make ``${run_folder:ckpt,new}`` known to the configuration."""
    OmegaConf.register_new_resolver("run_folder", run_folder, replace=True)
