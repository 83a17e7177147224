"""OmegaConf resolver for a run's folder: a new one, or that of the checkpoint to resume from."""

from pathlib import Path
from typing import Any

from gan.runs.folder import run_folder_of

__all__ = ["run_folder"]


def run_folder(ckpt: Any, new: str) -> str:
    """Return the folder of a run.

    Args:
        ckpt: Checkpoint to resume from, ``<folder>/checkpoints/<name>``, or its run's folder; None for a new run.
            Anything else is refused when the options are checked.
        new: Folder for a new run.

    Returns:
        The folder that the checkpoint belongs to, or ``new`` if it belongs to none.
    """
    folder = run_folder_of(Path(ckpt)) if isinstance(ckpt, str) else None
    return new if folder is None else str(folder)
