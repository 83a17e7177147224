"""Output formats of interpolations: a PNG strip or an animation."""

from pathlib import Path

import torch
from torch import Tensor
from torchvision.utils import make_grid

from gan.animation import save_animation
from gan.errors import UserError
from gan.images import magnify, save_png

__all__ = ["write_frames"]


def write_frames(frames: list[Tensor], out: Path, fps: float) -> None:
    """Write frames as a strip with one row per sample (``.png``), or as an animation of grids.

    Args:
        frames: Images of each frame, uint8 with shape (N, C, H, W).
        out: A ``.png``, ``.gif`` or ``.mp4``.
        fps: Frames per second of an animation.

    Raises:
        UserError: If the file cannot be written.
    """
    try:
        if out.suffix == ".png":
            save_png(make_grid(torch.stack(frames, 1).flatten(0, 1), nrow=len(frames), pad_value=255), out)
            return
        columns = max(1, round(len(frames[0]) ** 0.5 * 1.4))
        grids = [make_grid(frame, nrow=columns, pad_value=255) for frame in frames]
        save_animation([magnify(grid) for grid in grids], out, fps)
    except OSError as error:
        raise UserError(f"--out {out}: {error}") from error
