"""Resizing and cropping of images."""

import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as F

from gan.errors import UserError
from gan.host import memory

__all__ = ["crop", "enlarge", "enlarged", "resize", "resize_and_crop"]


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


def enlarged(size: tuple[int, int], factor: float) -> tuple[int, int]:
    """Return a height and a width times a factor, rounded."""
    return round(factor * size[0]), round(factor * size[1])


def enlarge(images: Tensor, factor: float, size: tuple[int, int]) -> Tensor:
    """Enlarge images bilinearly unless they are larger than ``size`` already.

    Args:
        images: float32, with shape (B, C, H, W).
        factor: Factor of height and width.
        size: Height and width of images that were not enlarged.
    """
    if (images.shape[2], images.shape[3]) != size:
        return images
    return nn.functional.interpolate(images, size=enlarged(size, factor), mode="bilinear", align_corners=False)


def crop(images: Tensor, size: tuple[int, int], corners: Tensor) -> Tensor:
    """Crop each image at its own place.

    Args:
        images: With shape (B, C, H, W).
        size: Height h and width w of the crops.
        corners: Place of each crop's corner, from 0 to 1 along x and y, with shape (B, 2).

    Returns:
        The crops, with shape (B, C, h, w).
    """
    spare = torch.tensor([images.shape[3] - size[1], images.shape[2] - size[0]], device=images.device)
    left, top = (corners * (spare + 1)).long().unbind(1)
    rows = top[:, None] + torch.arange(size[0], device=images.device)
    columns = left[:, None] + torch.arange(size[1], device=images.device)
    batch = torch.arange(len(images), device=images.device)
    return images[batch[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
