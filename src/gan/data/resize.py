"""Fitting images to the size that a model wants."""

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

__all__ = ["resize", "resize_and_crop"]


def resize(images: Tensor, size: int) -> Tensor:
    """Resize square images, uint8 with shape (N, C, H, H), to (N, C, size, size), antialiased."""
    return images if images.shape[-1] == size else F.resize(images, [size, size], antialias=True)


def resize_and_crop(image: Tensor, size: int) -> Tensor:
    """Scale an image, uint8 with shape (C, H, W), so that its shorter side fits, and cut its centre out."""
    if image.shape[-2:] == (size, size):
        return image
    scaled = F.resize(image, [size], antialias=True)
    return torch.clone(F.center_crop(scaled, [size, size]))
