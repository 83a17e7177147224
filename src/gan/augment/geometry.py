"""Geometric changes of ADA: flips, rotations, scalings and translations, combined into one affine map."""

from math import log, pi

import torch
from torch import Tensor

from gan.augment.pipeline import Change, zero_unless_applied
from gan.augment.resample import affine_resample
from gan.bounds import Strength
from gan.keyed_random import KeyedRandom

__all__ = ["Geometry"]


class Geometry(Change):
    """Pixel blitting and general geometric transformations, each of some images (Karras et al., 2020, Appendix B).

    All are combined, in the paper's order, into one affine map, so that images are resampled once. 0 or false disables
    a transformation. Resampling is bilinear, without the paper's orthogonal wavelet filters.

    Args:
        x_flip: Whether to mirror half of the selected images.
        rotate90: Whether to rotate images by multiples of 90 degrees.
        translation: Largest translation by whole pixels, as a fraction of the image's size.
        scale: Standard deviation of the base-2 logarithm of the scale.
        rotation: Largest angle, as a fraction of 180 degrees.
        anisotropy: Standard deviation of the base-2 logarithm of the factor that scales x and divides y.
        shift: Standard deviation of the translation by fractions of pixels, as a fraction of the image's size.
    """

    def __init__(
        self,
        x_flip: bool = True,
        rotate90: bool = True,
        translation: Strength = 0.125,
        scale: Strength = 0.2,
        rotation: Strength = 1.0,
        anisotropy: Strength = 0.2,
        shift: Strength = 0.125,
    ) -> None:
        self.x_flip, self.rotate90, self.translation = x_flip, rotate90, translation
        self.scale, self.rotation, self.anisotropy, self.shift = scale, rotation, anisotropy, shift

    def __call__(self, images: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
        size = torch.tensor(images.shape[:1:-1], device=images.device)  # width, height
        each = 1 - (1 - probability).sqrt()  # of two rotations, so that at least one has the whole probability

        flip = 1 - 2 * zero_unless_applied(self.x_flip * (rng.uniform(1) < 0.5), rng, probability)
        quarters = zero_unless_applied(self.rotate90 * (4 * rng.uniform(1)).floor(), rng, probability)
        whole = zero_unless_applied((self.translation * size * (2 * rng.uniform(2) - 1)).round(), rng, probability)
        scale = zero_unless_applied(self.scale * rng.normal(1), rng, probability)
        first_angle = zero_unless_applied(self.rotation * (2 * rng.uniform(1) - 1), rng, each)
        stretch = zero_unless_applied(self.anisotropy * rng.normal(1), rng, probability)
        second_angle = zero_unless_applied(self.rotation * (2 * rng.uniform(1) - 1), rng, each)
        fractional = zero_unless_applied(self.shift * size * rng.normal(2), rng, probability)

        # maps positions of the result to positions of the source; each factor is as likely as its inverse
        blit = _product(_diagonal(torch.cat([flip, torch.ones_like(flip)], 1)), _rotation(quarters * pi / 2))
        linear = _product(blit, _rotation(first_angle * pi))
        linear = _product(linear, _diagonal((log(2) * torch.cat([scale + stretch, scale - stretch], 1)).exp()))
        linear = _product(linear, _rotation(second_angle * pi))
        return affine_resample(images, linear, -_apply(linear, fractional) - _apply(blit, whole))


def _rotation(angle: Tensor) -> Tensor:
    """Return rotation matrices, with shape (B, 2, 2), of angles with shape (B, 1)."""
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([cos, -sin, sin, cos], 1).unflatten(1, (2, 2))


def _diagonal(scales: Tensor) -> Tensor:
    return torch.diag_embed(scales.float())


def _product(left: Tensor, right: Tensor) -> Tensor:
    """Multiply matrices, with shape (B, 2, 2), in float32; a matmul could use TF32."""
    return (left[:, :, :, None] * right[:, None]).sum(2)


def _apply(linear: Tensor, point: Tensor) -> Tensor:
    return (linear * point[:, None]).sum(2)
