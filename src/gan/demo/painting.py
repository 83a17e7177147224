"""Painting on source images: its meaning, its colours, and its combination with an image."""

from typing import Literal

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gan.checkpoint.translation import Direction
from gan.data.base import ImageDataModule
from gan.data.resize import resize_and_crop
from gan.image_files import convert_to_8_bits

__all__ = ["Painting", "add_paint", "brush_of", "fit", "painting_of", "palette", "to_8_bits", "to_image", "to_pixels"]

Painting = Literal["drawing", "hole"]
"""Meaning of paint: a drawing on the source image, or a hole in it."""

PAINTINGS: dict[str, Painting] = {"edges": "drawing", "mask": "hole"}  # by degradation
MAX_COLOURS = 8
MIN_DIFFERENCE = 150  # summed over channels
MAX_COUNTED = 100_000  # pixels


def painting_of(data: ImageDataModule, direction: Direction) -> Painting | None:
    """Return the meaning of paint for a data module's source images; None if it has none, as on a grey photo."""
    degrade = getattr(data, "degrade", "edges") if direction == "AtoB" else "edges"
    return PAINTINGS.get(degrade)


def brush_of(data: ImageDataModule) -> float:
    """Return the width of a brush that suits a data module's drawings, in percent of their shorter side."""
    thin = getattr(data, "degrade", None) == "edges"  # whose lines have one pixel
    return 100 / min(data.image_shape[1:]) if thin else 8


def palette(*images: Tensor) -> list[str]:
    """Return the most frequent colours of images, as ``#rrggbb``: up to eight that differ clearly.

    Args:
        *images: uint8, each with shape (N, C, H, W) and 1 or 3 channels.
    """
    pixels = np.concatenate([x.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).reshape(-1, 3).numpy() for x in images])
    colours, counts = np.unique(pixels[:: 1 + len(pixels) // MAX_COUNTED], axis=0, return_counts=True)
    frequent: list[np.ndarray] = []
    for colour in colours[np.argsort(-counts, kind="stable")].astype(int):
        if all(np.abs(colour - other).sum() >= MIN_DIFFERENCE for other in frequent):
            frequent.append(colour)
        if len(frequent) == MAX_COLOURS:
            break
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in frequent]


def to_8_bits(image: Image.Image, background: str, transparency: bool) -> Image.Image:
    """Convert an open image of any mode to RGB, as for training, or to RGBA if it is transparent and that is wanted."""
    ImageOps.exif_transpose(image, in_place=True)
    alpha = image.convert("RGBA").getchannel("A") if transparency and image.has_transparency_data else None
    converted = convert_to_8_bits(image, 3, background)
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def fit(image: Image.Image, height: int, width: int) -> Image.Image:
    """Resize and crop an RGB or RGBA image, as for training."""
    return to_image(resize_and_crop(to_pixels(image), height, width))


def add_paint(image: Image.Image, paint: Image.Image, painting: Painting) -> tuple[Image.Image, Image.Image | None]:
    """Return an image with paint on it, and the hole in it, white, if paint marks a hole.

    Args:
        image: The image.
        paint: Strokes, transparent elsewhere, of any size.
        painting: Meaning of the strokes.
    """
    paint = paint.convert("RGBA").resize(image.size, Image.Resampling.BOX)
    if painting == "hole":
        return image, paint.getchannel("A")
    painted = image.convert("RGBA")
    painted.alpha_composite(paint)
    return painted.convert("RGB"), None


def to_image(pixels: Tensor) -> Image.Image:
    """Return pixels, uint8 with shape (C, H, W) and 1, 3 or 4 channels, as an image, which is RGB if it was grey."""
    image = Image.fromarray(pixels.permute(1, 2, 0).squeeze(2).cpu().numpy())
    return image.convert("RGB") if image.mode == "L" else image


def to_pixels(image: Image.Image) -> Tensor:
    """Return an RGB or RGBA image as uint8 with shape (C, H, W)."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)
