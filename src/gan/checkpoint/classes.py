"""Check of the classes that samples are requested of."""

from pathlib import Path

from gan.errors import UserError

__all__ = ["check_classes"]


def check_classes(labels: list[int], num_classes: int, path: Path) -> list[int]:
    """Return classes if a generator has them all.

    Args:
        labels: The classes.
        num_classes: Number of the generator's classes; 1 for an unconditional one.
        path: Its checkpoint, for messages.

    Raises:
        UserError: If there is no class, or one that does not exist.
    """
    if num_classes == 1:
        raise UserError(f"{path} is unconditional: it takes no classes")
    if not labels:
        raise UserError("no class is named")
    if wrong := sorted({label for label in labels if not 0 <= label < num_classes}):
        raise UserError(f"there is no class {wrong[0]}: {path} has classes 0 to {num_classes - 1}")
    return labels
