"""Resizing and cropping of images."""

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from gan.errors import UserError
from gan.host import memory

__all__ = ["resize", "resize_and_crop"]


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


def resize_and_crop(image: Tensor, size: int) -> Tensor:
    """Resize the shorter side of an image, uint8 with shape (C, H, W), to ``size`` and crop the centre."""
    if image.shape[-2:] == (size, size):
        return image
    resized = F.resize(image, [size], antialias=True)
    return torch.clone(F.center_crop(resized, [size, size]))
