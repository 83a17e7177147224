"""Progressive growing: the resolution of a network, and of real images, at a level (Karras et al., 2018, Section 2)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.nn.resolution import base_and_doublings

__all__ = ["Growing", "enlarge", "growth_level", "images_at_level", "shrink"]


class Growing(nn.Module):
    """Base class of networks that use only the layers of their current level; images always have the full size.

    The level is saved with the weights, so that a checkpoint alone determines it. It is a Python float, since
    branching on a tensor would synchronise with the GPU and prevent tracing.

    Args:
        size: Height and width of images, in pixels.
        start_size: Resolution at which growth starts; None for the smallest, 4 to 7.

    Attributes:
        sizes: Resolution of each level, each twice the previous one.
        level: An index into ``sizes``, initially the last one. Between two indices, the fraction is the weight α of
            the higher resolution.
        start_doublings: Doublings up to the start size, which every level uses.

    Raises:
        ValueError: If the sizes do not fit.
    """

    def __init__(self, size: int, start_size: int | None = None) -> None:
        super().__init__()
        base, doublings = base_and_doublings(size)
        sizes = [base << n for n in range(doublings + 1)]
        if start_size is not None and start_size not in sizes:
            known = ", ".join(map(str, sizes))
            raise ValueError(f"start_size must be one of {known}, which double to {size} pixels, not {start_size}")
        self.start_doublings = 0 if start_size is None else sizes.index(start_size)
        self.sizes = sizes[self.start_doublings :]
        self.level = float(len(self.sizes) - 1)

    def get_extra_state(self) -> Tensor:
        """Return the level, for ``state_dict``."""
        return torch.tensor(self.level, dtype=torch.float64)

    def set_extra_state(self, state: Any) -> None:
        """Restore the level from a ``state_dict``."""
        self.level = float(state)


def growth_level(images: int, stable_images: int, fade_images: int, last: int) -> float:
    """Return the level after a number of real images: constant, then rising by one, and so on up to the last level.

    Args:
        images: Real images seen so far.
        stable_images: Images for which a level stays constant.
        fade_images: Images in which the next level fades in.
        last: Last level.
    """
    if stable_images + fade_images == 0:
        return float(last)
    completed, within = divmod(images, stable_images + fade_images)
    fraction = max(0, within - stable_images) / max(1, fade_images)
    return min(completed + fraction, float(last))


def images_at_level(images: Tensor, level: float, sizes: list[int]) -> Tensor:
    """Return real images with the detail of a level, or blended between two levels; the shape (B, C, H, W) is kept."""
    whole, alpha = int(level), level % 1
    coarse = enlarge(shrink(images, sizes[whole]), sizes[-1])
    if not alpha:
        return coarse
    return torch.lerp(coarse, enlarge(shrink(images, sizes[whole + 1]), sizes[-1]), alpha)


def shrink(images: Tensor, size: int) -> Tensor:
    """Average blocks of pixels, from (B, C, H, W) to (B, C, size, size)."""
    factor = images.shape[-1] // size
    return F.avg_pool2d(images, factor) if factor > 1 else images


def enlarge(images: Tensor, size: int) -> Tensor:
    """Repeat pixels, from (B, C, H, W) to (B, C, size, size)."""
    if images.shape[-1] == size:
        return images
    with torch.autocast(images.device.type, enabled=False):  # avoids a needless conversion to float32
        return F.interpolate(images, size=(size, size))
