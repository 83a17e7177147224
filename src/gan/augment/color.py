"""Colour changes of ADA (Karras et al., 2020)."""

from math import log, pi

from torch import Tensor

from gan.augment.pipeline import Change, zero_unless_applied
from gan.bounds import Strength
from gan.keyed_random import KeyedRandom

__all__ = ["Color"]


class Color(Change):
    """Colour transformations, each applied to some images (Karras et al., 2020, Appendix B).

    Luma is the mean of a pixel's channels, chroma the remainder. 0 or false disables a transformation; hue and
    saturation apply to images with three channels only.

    Args:
        brightness: Standard deviation of a constant added to an image, for images in [-1, 1].
        contrast: Standard deviation of the base-2 logarithm of a factor of all pixels.
        luma_flip: Whether to negate the luma, for half of the selected images.
        hue: Largest rotation of the chroma, as a fraction of 180 degrees.
        saturation: Standard deviation of the base-2 logarithm of a factor of the chroma.
    """

    def __init__(
        self,
        brightness: Strength = 0.2,
        contrast: Strength = 0.5,
        luma_flip: bool = True,
        hue: Strength = 1.0,
        saturation: Strength = 1.0,
    ) -> None:
        self.brightness, self.contrast, self.luma_flip = brightness, contrast, luma_flip
        self.hue, self.saturation = hue, saturation

    def __call__(self, images: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
        brightness = zero_unless_applied(self.brightness * rng.normal(1, 1, 1), rng, probability)
        contrast = zero_unless_applied(self.contrast * rng.normal(1, 1, 1), rng, probability)
        flip = zero_unless_applied(self.luma_flip * (rng.uniform(1, 1, 1) < 0.5), rng, probability)
        hue = pi * zero_unless_applied(self.hue * (2 * rng.uniform(1, 1, 1) - 1), rng, probability)
        log_saturation = log(2) * zero_unless_applied(self.saturation * rng.normal(1, 1, 1), rng, probability)
        saturation = log_saturation.exp()

        images = (log(2) * contrast).exp() * (images + brightness)
        images = images - 2 * flip * images.mean(1, keepdim=True)
        if images.shape[1] != 3:
            return images
        chroma = images - images.mean(1, keepdim=True)
        orthogonal = (chroma.roll(1, 1) - chroma.roll(-1, 1)) / 3**0.5  # grey axis x chroma (Rodrigues' formula)
        return images + (saturation * hue.cos() - 1) * chroma + saturation * hue.sin() * orthogonal
