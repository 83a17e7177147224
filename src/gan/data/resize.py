"""Resizing and cropping of images."""

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

__all__ = ["resize", "resize_and_crop"]


def resize(images: Tensor, size: int) -> Tensor:
    """Resize square images, uint8 with shape (N, C, H, H), to (N, C, size, size) with antialiasing."""
    return images if images.shape[-1] == size else F.resize(images, [size, size], antialias=True)


def resize_and_crop(image: Tensor, size: int) -> Tensor:
    """Resize the shorter side of an image, uint8 with shape (C, H, W), to ``size`` and crop the centre."""
    if image.shape[-2:] == (size, size):
        return image
    resized = F.resize(image, [size], antialias=True)
    return torch.clone(F.center_crop(resized, [size, size]))
