"""Resizing and cropping of images."""

import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as F

from gan.errors import UserError
from gan.host import memory

__all__ = ["enlarge_and_crop", "resize", "resize_and_crop"]


def resize(images: Tensor, size: int) -> Tensor:
    """Resize square images, uint8 with shape (N, C, H, H), to (N, C, size, size) with antialiasing.

    Raises:
        UserError: If they do not fit in memory.
    """
    if images.shape[-1] == size:
        return images
    needed = images.shape[:-2].numel() * size**2 * images.element_size()
    if needed > memory():
        raise UserError(
            f"data.image_size={size}: {len(images):,} images of that size need {needed / 2**30:,.0f} GiB of memory, "
            f"and this machine has {memory() / 2**30:,.0f} GiB"
        )
    return F.resize(images, [size, size], antialias=True)


def resize_and_crop(image: Tensor, height: int, width: int | None = None) -> Tensor:
    """Resize an image, uint8 with shape (C, H, W), so that it covers ``height`` and ``width``, and crop the centre.

    Without a width, the image becomes a square.
    """
    width = width or height
    if image.shape[-2:] == (height, width):
        return image
    factor = max(height / image.shape[-2], width / image.shape[-1])
    covering = [max(side, round(factor * old)) for side, old in zip((height, width), image.shape[-2:], strict=True)]
    resized = F.resize(image, covering, antialias=True)
    return torch.clone(F.center_crop(resized, [height, width]))


def enlarge_and_crop(images: Tensor, factor: float, corners: Tensor) -> Tensor:
    """Enlarge images bilinearly, and crop each to its former size.

    Args:
        images: float32, with shape (B, C, H, W).
        factor: Factor of height and width, at least 1.
        corners: Place of each crop's corner, x and y from 0 to 1, with shape (B, 2).
    """
    size = torch.tensor([images.shape[3], images.shape[2]], device=images.device)
    offset = (corners * (((factor * size).round() - size) + 1)).floor()  # in pixels of the enlarged image
    scale = size / (factor * size).round()
    theta = images.new_zeros(len(images), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = scale
    theta[:, :, 2] = scale - 1 + 2 * offset / (factor * size).round()
    grid = nn.functional.affine_grid(theta, list(images.shape), align_corners=False)
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
