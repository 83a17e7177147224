"""Open images as tensors, converted as they are for training."""

import numpy as np
import torch
from PIL import Image, ImageColor
from torch import Tensor

from gan.errors import UserError
from gan.image_files import convert_to_8_bits
from gan.images import from_uint8

__all__ = ["check_background", "image_tensor", "pixel_tensor", "source_tensor"]


def pixel_tensor(image: Image.Image, channels: int, background: str) -> Tensor:
    """Convert an open image to uint8 with shape (channels, H, W); see ``convert_to_8_bits``.

    Args:
        image: Of any mode; it is turned upright in place.
        channels: 1 for grey, 3 for colour.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
    """
    pixels = np.array(convert_to_8_bits(image, channels, background))
    return torch.from_numpy(pixels).view(*pixels.shape[:2], -1).permute(2, 0, 1)


def image_tensor(image: Image.Image, channels: int, background: str) -> Tensor:
    """Convert an open image to float32 in [-1, 1], with shape (channels, H, W); see ``pixel_tensor``."""
    return from_uint8(pixel_tensor(image, channels, background))


def source_tensor(image: Image.Image, mask: Image.Image | None, channels: int, background: str) -> Tensor:
    """Convert an open image to the condition of data without holes; see ``image_tensor``.

    Raises:
        UserError: If there is a mask.
    """
    if mask is not None:
        raise UserError("the data of this model have no holes: pass no mask")
    return image_tensor(image, channels, background)


def check_background(background: str) -> str:
    """Return the value of ``data.background``.

    Raises:
        UserError: If it is not a colour.
    """
    try:
        ImageColor.getrgb(background)
    except ValueError as error:
        raise UserError(f"data.background={background} is not a colour, such as white or '#ff8800'") from error
    return background
