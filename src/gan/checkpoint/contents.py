"""Contents of a checkpoint file, as they were written."""

from pathlib import Path
from typing import Any

from gan import tensor_file
from gan.errors import UserError
from gan.tensor_file import DamagedError

__all__ = ["FORMAT", "read_contents"]

FORMAT = 2  # increment when class names or contents change incompatibly
PARTS = {"config": dict, "state_dict": dict, "global_step": int, "batches_seen": int}


def read_contents(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running any code in it. Its configuration is not checked.

    Raises:
        DamagedError: If it is damaged.
        UserError: If it does not exist, or was not written by this project.
    """
    if not path.is_file():
        raise UserError(f"no checkpoint at {path}")
    try:
        checkpoint = tensor_file.load(path)
    except DamagedError as error:
        raise DamagedError(path, error.reason, "damaged or no checkpoint of this project") from error
    if not isinstance(checkpoint, dict) or any(
        not isinstance(checkpoint.get(key), kind) for key, kind in PARTS.items()
    ):
        raise UserError(f"{path} is no checkpoint of this project (it lacks one of {', '.join(PARTS)})")
    if checkpoint.get("format") != FORMAT:
        raise UserError(f"{path} was written by another version of this project, and cannot be read: train again")
    return checkpoint
