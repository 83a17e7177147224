"""Colours of generated images relative to real ones: colourfulness, and deviation of the blue-yellow channel."""

from torch import Tensor

from gan.errors import UserError
from gan.metrics.relative import RelativeMean
from gan.metrics.statistics import PixelStatistic

__all__ = ["BlueYellow", "Colorfulness", "blue_yellow_deviation", "colorfulness"]


def colorfulness(images: Tensor) -> Tensor:
    """Return each image's colourfulness (Hasler and Suesstrunk, 2003, Section 7): 0 for grey, 109 for extremely so.

    Args:
        images: Colour images as the data module returns them, with shape (B, 3, H, W).

    Returns:
        Float32, with shape (B,).

    Raises:
        UserError: If the images are not in colour.
    """
    red_green, blue_yellow = _opponents(images)
    deviation = red_green.var(1, correction=0) + blue_yellow.var(1, correction=0)
    mean = red_green.mean(1).square() + blue_yellow.mean(1).square()
    return deviation.sqrt() + 0.3 * mean.sqrt()


def blue_yellow_deviation(images: Tensor) -> Tensor:
    """Return the standard deviation of (R + G) / 2 - B over each image, in shades of 256.

    Args:
        images: Colour images as the data module returns them, with shape (B, 3, H, W).

    Returns:
        Float32, with shape (B,).

    Raises:
        UserError: If the images are not in colour.
    """
    return _opponents(images)[1].std(1, correction=0)


def _opponents(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the channels R - G and (R + G) / 2 - B, with shape (B, H * W)."""
    if images.shape[1] != 3:
        raise UserError(f"metric=colorfulness and blue_yellow need colour images, not {images.shape[1]} channels")
    red, green, blue = images.float().flatten(2).unbind(1)
    return red - green, (red + green) / 2 - blue


COLORFULNESS = PixelStatistic("colorfulness", colorfulness)
BLUE_YELLOW = PixelStatistic("blue_yellow_deviation", blue_yellow_deviation)


class Colorfulness(RelativeMean):
    """Mean colourfulness of generated images, divided by that of real images: 0 for grey images."""

    ratio = "colorfulness_ratio"
    statistic = COLORFULNESS


class BlueYellow(RelativeMean):
    """Mean deviation of (R + G) / 2 - B within generated images, divided by that within real images.

    Below 1, colours are muted, as those of a network trained by L1 alone.
    """

    ratio = "blue_yellow_ratio"
    statistic = BLUE_YELLOW
