"""Image-space corruptions of ADA: additive noise and cutout (Karras et al., 2020)."""

import torch
from torch import Tensor

from gan.augment.cutout import cutout
from gan.augment.pipeline import Change, zero_unless_applied
from gan.bounds import Strength
from gan.keyed_random import KeyedRandom

__all__ = ["Corruption"]


class Corruption(Change):
    """Noise and cutout, each of some images (Karras et al., 2020, Appendix B).

    0 disables one. Its random numbers are not drawn then, so that runs without it keep theirs.

    Args:
        noise: Scale σ of the half-normal distribution of the noise's standard deviation, for images in [-1, 1]; 0.1 in
            the paper.
        cutout: Side of a rectangle set to zero, as a fraction of the image's size; its centre lies in the image. 0.5 in
            the paper.
    """

    def __init__(self, noise: Strength = 0.1, cutout: Strength = 0.5) -> None:
        self.noise, self.cutout = noise, cutout

    def __call__(self, images: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
        if self.noise:
            deviation = zero_unless_applied(self.noise * rng.normal(1, 1, 1).abs(), rng, probability)
            images = images + deviation * rng.normal(*images.shape[1:])
        if self.cutout:
            size = torch.tensor(images.shape[2:], device=images.device)
            center = size * rng.uniform(2)
            side = zero_unless_applied((self.cutout * size).expand(len(rng), -1), rng, probability)
            images = cutout(images, center - side / 2, side)
        return images
