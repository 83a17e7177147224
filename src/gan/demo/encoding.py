"""Encoding of images as NPZ and GIF files, and as a row."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import Tensor
from torchvision.utils import make_grid

from gan.animation import save_animation
from gan.data.module import DataModule
from gan.images import magnify, to_uint8

__all__ = ["encode_gif", "encode_npz", "image_row"]


def encode_npz(data: DataModule, images: Tensor, **tensors: Tensor) -> bytes:
    """Encode samples, in [-1, 1] with shape (N, C, H, W), as ``gan.sample`` does, with further named tensors."""
    file = BytesIO()
    arrays: dict[str, Any] = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
    np.savez_compressed(file, images=data.discretize(images).permute(0, 2, 3, 1).numpy(), **arrays)
    return file.getvalue()


def image_row(data: DataModule, images: Tensor) -> Tensor:
    """Arrange images in a row, uint8 with shape (C, H', W'); points are plotted."""
    if not data.pixels:
        return data.picture(images)
    return make_grid(to_uint8(images), nrow=len(images), padding=2, pad_value=255)


def encode_gif(images: Tensor) -> bytes:
    """Encode images, in [-1, 1] with shape (N, C, H, W), as a GIF that plays them forwards and backwards."""
    frames = magnify(to_uint8(images))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "animation.gif"
        save_animation([*frames, *frames.flip(0)[1:-1]], path, fps=12)
        return path.read_bytes()
