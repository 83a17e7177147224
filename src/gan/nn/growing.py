"""Networks that grow: the resolution at which they play, and how images look there (Karras et al., 2018, Section 2)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.nn.resolution import levels

__all__ = ["Growing", "enlarge", "faded", "level_after", "shrink"]


class Growing(nn.Module):
    """A network of which just the layers play that its level asks for; its images always have their full size.

    The level is part of the weights: a checkpoint alone says at which one they were trained. It is a plain number all
    the same, which to branch on makes no GPU wait, and lets graphs be traced.

    Args:
        size: Height and width of images, in pixels.
        start_size: Pixels that growth begins with; None for the least, 4 to 7.

    Attributes:
        sizes: The resolution of each level, each twice the one before.
        level: Whole numbers are indices in ``sizes``, the last one at first; between two of them, the fraction is the
            share α that the higher resolution has.
        earlier: Doublings before ``start_size``, which are part of every level.

    Raises:
        ValueError: If sizes do not fit.
    """

    def __init__(self, size: int, start_size: int | None = None) -> None:
        super().__init__()
        base, doublings = levels(size)
        sizes = [base << n for n in range(doublings + 1)]
        if start_size is not None and start_size not in sizes:
            known = ", ".join(map(str, sizes))
            raise ValueError(f"start_size must be one of {known}, which double to {size} pixels, not {start_size}")
        self.earlier = 0 if start_size is None else sizes.index(start_size)
        self.sizes = sizes[self.earlier :]
        self.level = float(len(self.sizes) - 1)

    def get_extra_state(self) -> Tensor:
        """Return the level, for ``state_dict``."""
        return torch.tensor(self.level, dtype=torch.float64)

    def set_extra_state(self, state: Any) -> None:
        """Take the level from a ``state_dict``."""
        self.level = float(state)


def level_after(images: int, stable_images: int, fade_images: int, last: int) -> float:
    """Return the level of the game after so many real images: it stands still, rises by one, stands still, and so on.

    Args:
        images: Seen so far.
        stable_images: For which a level stays.
        fade_images: In which it rises to the next.
        last: Where growth ends.
    """
    if stable_images + fade_images == 0:
        return float(last)
    risen, within = divmod(images, stable_images + fade_images)
    fraction = max(0, within - stable_images) / max(1, fade_images)
    return min(risen + fraction, float(last))


def faded(images: Tensor, level: float, sizes: list[int]) -> Tensor:
    """Return real images as they look at a level: of its resolution, or between two, still with shape (B, C, H, W)."""
    whole, alpha = int(level), level % 1
    look = enlarge(shrink(images, sizes[whole]), sizes[-1])
    if not alpha:
        return look
    return torch.lerp(look, enlarge(shrink(images, sizes[whole + 1]), sizes[-1]), alpha)


def shrink(images: Tensor, size: int) -> Tensor:
    """Average blocks of pixels, from (B, C, H, W) to (B, C, size, size)."""
    factor = images.shape[-1] // size
    return F.avg_pool2d(images, factor) if factor > 1 else images


def enlarge(images: Tensor, size: int) -> Tensor:
    """Repeat pixels, from (B, C, H, W) to (B, C, size, size)."""
    if images.shape[-1] == size:
        return images
    with torch.autocast(images.device.type, enabled=False):  # which would make it float32, for nothing
        return F.interpolate(images, size=(size, size))
