"""ADA's changes of place: flips, turns, scalings and shifts, joined to one affine map (Karras et al., 2020)."""

from math import log, pi

import torch
from torch import Tensor

from gan.augment.pipeline import Change, chosen
from gan.augment.resample import resampled
from gan.keyed_random import KeyedRandom

__all__ = ["Geometry"]


class Geometry(Change):
    """Pixel blitting and general geometric transformations, each of some images (Karras et al., 2020, Appendix B).

    All are joined, in the paper's order, to one affine map, which images go through once. 0 or false switches a
    change off. Images are resampled bilinearly, where the paper filters them too.

    Args:
        x_flip: Whether images are mirrored, half of those that are chosen.
        rotate90: Whether images are turned by a multiple of 90 degrees.
        translation: Largest shift by whole pixels, as a share of the image's size.
        scale: Standard deviation of the scale's logarithm, to base 2.
        rotation: Largest angle, as a share of half a turn.
        anisotropy: Standard deviation of the logarithm, to base 2, of the scale of one axis against the other.
        shift: Standard deviation of the shift by fractions of pixels, as a share of the image's size.

    Raises:
        ValueError: If a number is negative.
    """

    def __init__(
        self,
        x_flip: bool = True,
        rotate90: bool = True,
        translation: float = 0.125,
        scale: float = 0.2,
        rotation: float = 1.0,
        anisotropy: float = 0.2,
        shift: float = 0.125,
    ) -> None:
        if min(translation, scale, rotation, anisotropy, shift) < 0:
            raise ValueError("translation, scale, rotation, anisotropy and shift must be at least 0")
        self.x_flip, self.rotate90, self.translation = x_flip, rotate90, translation
        self.scale, self.rotation, self.anisotropy, self.shift = scale, rotation, anisotropy, shift

    def __call__(self, images: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
        size = torch.tensor(images.shape[:1:-1], device=images.device)  # width, height
        either = 1 - (1 - probability).sqrt()  # of two rotations; one of them at least has the whole probability

        flip = 1 - 2 * chosen(self.x_flip * (rng.uniform(1) < 0.5), rng, probability)
        quarters = chosen(self.rotate90 * (4 * rng.uniform(1)).floor(), rng, probability)
        whole = chosen((self.translation * size * (2 * rng.uniform(2) - 1)).round(), rng, probability)
        scale = chosen(self.scale * rng.normal(1), rng, probability)
        before = chosen(self.rotation * (2 * rng.uniform(1) - 1), rng, either)
        stretch = chosen(self.anisotropy * rng.normal(1), rng, probability)
        after = chosen(self.rotation * (2 * rng.uniform(1) - 1), rng, either)
        shift = chosen(self.shift * size * rng.normal(2), rng, probability)

        # from the new image's places back to the old one's; each factor is as likely as its inverse
        blit = _product(_diagonal(torch.cat([flip, torch.ones_like(flip)], 1)), _turn(quarters * pi / 2))
        linear = _product(blit, _turn(before * pi))
        linear = _product(linear, _diagonal((log(2) * torch.cat([scale + stretch, scale - stretch], 1)).exp()))
        linear = _product(linear, _turn(after * pi))
        return resampled(images, linear, -_moved(linear, shift) - _moved(blit, whole))


def _turn(angle: Tensor) -> Tensor:
    """Return rotations by angles, with shape (B, 1), as matrices, with shape (B, 2, 2)."""
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([cos, -sin, sin, cos], 1).unflatten(1, (2, 2))


def _diagonal(scales: Tensor) -> Tensor:
    return torch.diag_embed(scales.float())


def _product(left: Tensor, right: Tensor) -> Tensor:
    """Multiply matrices, with shape (B, 2, 2), in float32 where a matmul may be in less."""
    return (left[:, :, :, None] * right[:, None]).sum(2)


def _moved(linear: Tensor, point: Tensor) -> Tensor:
    return (linear * point[:, None]).sum(2)
