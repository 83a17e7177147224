"""DiffAugment: colour jitter, translation and cutout of every image at every step (Zhao et al., 2020)."""

import torch
from torch import Tensor

from gan.augment.base import Augment
from gan.augment.cutout import cutout
from gan.bounds import Pixels, Probability, Strength
from gan.keyed_random import KeyedRandom

__all__ = ["DiffAugment", "translate"]


class DiffAugment(Augment):
    """Changes of every image, each drawn uniformly from a range; 0 disables one (Zhao et al., 2020).

    Args:
        image_size: Height and width of the images, in pixels.
        brightness: Largest absolute value added to an image, for images in [-1, 1].
        saturation: Largest change, from one, of the factor of a pixel's deviation from the mean of its channels.
        contrast: Largest change, from one, of the factor of a pixel's deviation from the mean of the image.
        translation: Largest translation along each axis, as a fraction of the image's size, in whole pixels; zeros are
            shifted in.
        cutout: Side of a square set to zero, as a fraction of the image's size; its centre lies in the image.

    Raises:
        ValueError: If the images have a single pixel.
    """

    def __init__(
        self,
        image_size: Pixels,
        brightness: Strength = 0.5,
        saturation: Probability = 1.0,
        contrast: Probability = 0.5,
        translation: Probability = 0.125,
        cutout: Probability = 0.5,
    ) -> None:
        super().__init__(image_size)
        self.brightness, self.saturation, self.contrast = brightness, saturation, contrast
        self.translation, self.cutout = translation, cutout

    def change(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        images = self._jitter_colors(images, *(2 * rng.uniform(3, 1, 1, 1) - 1).unbind(1))
        size = torch.tensor(images.shape[2:], device=images.device)
        largest = _round_half_up(self.translation * size)
        images = translate(images, (rng.uniform(2) * (2 * largest + 1)).floor().long() - largest.long())
        side = _round_half_up(self.cutout * size).long()
        center = (rng.uniform(2) * (size + 1 - side % 2)).floor().long()
        return cutout(images, center - side // 2, side)

    def _jitter_colors(self, images: Tensor, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
        images = images + self.brightness * brightness
        images = images + self.saturation * saturation * (images - images.mean(1, keepdim=True))
        return images + self.contrast * contrast * (images - images.mean((1, 2, 3), keepdim=True))


def _round_half_up(x: Tensor) -> Tensor:
    """Round as the authors' code does; ``torch.round`` takes halves to the nearest even number."""
    return (x + 0.5).floor()


def translate(images: Tensor, shift: Tensor) -> Tensor:
    """Shift each image, with shape (B, C, H, W), by whole pixels down and right, int64 with shape (B, 2)."""
    for axis in (2, 3):
        size = images.shape[axis]
        source = torch.arange(size, device=images.device) - shift[:, axis - 2, None]
        inside = ((source >= 0) & (source < size)).to(images.dtype)
        shape = [len(images), 1, 1, 1]
        shape[axis] = size
        index = source.clamp(0, size - 1).view(shape).expand_as(images)
        images = images.gather(axis, index) * inside.view(shape)
    return images
