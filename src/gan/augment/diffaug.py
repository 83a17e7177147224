"""DiffAugment: colour, translation and cutout, of every image at every step (Zhao et al., 2020)."""

import torch
from torch import Tensor

from gan.augment.base import Augment
from gan.keyed_random import KeyedRandom

__all__ = ["DiffAugment", "erased", "translated"]


class DiffAugment(Augment):
    """Changes of every image, each drawn evenly from a range; 0 switches one off (Zhao et al., 2020).

    Args:
        image_size: Height and width of the images, in pixels.
        brightness: Largest number that is added to an image, either way; images span [-1, 1].
        saturation: Largest change of the factor one of what tells a pixel's channels apart.
        contrast: Largest change of the factor one of what tells an image's pixels apart.
        translation: Largest shift along each axis, as a share of the image's size, in whole pixels; zeros come in.
        cutout: Side of the square that is set to zero, as a share of the image's size; its centre is in the image.

    Raises:
        ValueError: If a number is out of its range, or the images are points.
    """

    def __init__(
        self,
        image_size: int,
        brightness: float = 0.5,
        saturation: float = 1.0,
        contrast: float = 0.5,
        translation: float = 0.125,
        cutout: float = 0.5,
    ) -> None:
        super().__init__(image_size)
        shares = {"saturation": saturation, "contrast": contrast, "translation": translation, "cutout": cutout}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {share}")
        if brightness < 0:
            raise ValueError(f"brightness must be at least 0, not {brightness}")
        self.brightness, self.saturation, self.contrast = brightness, saturation, contrast
        self.translation, self.cutout = translation, cutout

    def change(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        images = self._recolored(images, *(2 * rng.uniform(3, 1, 1, 1) - 1).unbind(1))
        size = torch.tensor(images.shape[2:], device=images.device)
        reach = (self.translation * size).round()
        images = translated(images, (rng.uniform(2) * (2 * reach + 1)).floor().long() - reach.long())
        side = (self.cutout * size).round().long()
        center = (rng.uniform(2) * (size + 1 - side % 2)).floor().long()
        return erased(images, center - side // 2, side)

    def _recolored(self, images: Tensor, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
        images = images + self.brightness * brightness
        images = images + self.saturation * saturation * (images - images.mean(1, keepdim=True))
        return images + self.contrast * contrast * (images - images.mean((1, 2, 3), keepdim=True))


def translated(images: Tensor, shift: Tensor) -> Tensor:
    """Shift each image, with shape (B, C, H, W), by whole pixels, int64 with shape (B, 2), down and right."""
    for axis in (2, 3):
        size = images.shape[axis]
        indices = torch.arange(size, device=images.device) - shift[:, axis - 2, None]
        inside = ((indices >= 0) & (indices < size)).to(images.dtype)
        shape = [len(images), 1, 1, 1]
        shape[axis] = size
        index = indices.clamp(0, size - 1).view(shape).expand_as(images)
        images = images.gather(axis, index) * inside.view(shape)
    return images


def erased(images: Tensor, corner: Tensor, side: Tensor) -> Tensor:
    """Set a rectangle of each image, with shape (B, C, H, W), to zero, as far as it lies within.

    Args:
        images: With shape (B, C, H, W).
        corner: The rectangle's upper left corner, row and column, int64 with shape (B, 2).
        side: Its height and width, int64 with shape (2,).
    """
    inside = []
    for axis in (0, 1):
        indices = torch.arange(images.shape[axis + 2], device=images.device) - corner[:, axis, None]
        inside.append((indices >= 0) & (indices < side[axis]))
    hole = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return images * (~hole).to(images.dtype)
