"""Images as the bytes of files: an array, a film; and a strip of them as a picture."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import Tensor
from torchvision.utils import make_grid

from gan.animation import save_animation
from gan.data.base import ImageDataModule
from gan.images import enlarge, to_uint8

__all__ = ["film", "npz", "strip"]


def npz(data: ImageDataModule, images: Tensor, **others: Tensor) -> bytes:
    """Encode samples, in [-1, 1] with shape (N, C, H, W), as ``gan.sample`` does, and what belongs to them."""
    file = BytesIO()
    arrays: dict[str, Any] = {name: tensor.cpu().numpy() for name, tensor in others.items()}
    np.savez_compressed(file, images=data.discretize(images).permute(0, 2, 3, 1).numpy(), **arrays)
    return file.getvalue()


def strip(data: ImageDataModule, images: Tensor) -> Tensor:
    """Lay images out in a row, uint8 with shape (C, H', W'); points in the plane."""
    if not data.pixels:
        return data.picture(images)
    return make_grid(to_uint8(images), nrow=len(images), padding=2, pad_value=255)


def film(images: Tensor) -> bytes:
    """Encode images, in [-1, 1] with shape (N, C, H, W), as a GIF that goes through them and back."""
    frames = enlarge(to_uint8(images))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.gif"
        save_animation([*frames, *frames.flip(0)[1:-1]], path, fps=12)
        return path.read_bytes()
