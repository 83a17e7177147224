"""ADA's changes of colour (Karras et al., 2020)."""

from math import log, pi

from torch import Tensor

from gan.augment.pipeline import Change, chosen
from gan.keyed_random import KeyedRandom

__all__ = ["Color"]


class Color(Change):
    """Colour transformations, each of some images (Karras et al., 2020, Appendix B).

    Luma is the mean of a pixel's channels, chroma what is left of them. 0 or false switches a change off; hue and
    saturation change images of three channels alone.

    Args:
        brightness: Standard deviation of what is added to an image; images span [-1, 1].
        contrast: Standard deviation of the logarithm, to base 2, of a factor of all pixels.
        luma_flip: Whether luma changes its sign, in half of the images that are chosen.
        hue: Largest rotation of the chroma, as a share of half a turn.
        saturation: Standard deviation of the logarithm, to base 2, of a factor of the chroma.

    Raises:
        ValueError: If a number is negative.
    """

    def __init__(
        self,
        brightness: float = 0.2,
        contrast: float = 0.5,
        luma_flip: bool = True,
        hue: float = 1.0,
        saturation: float = 1.0,
    ) -> None:
        if min(brightness, contrast, hue, saturation) < 0:
            raise ValueError("brightness, contrast, hue and saturation must be at least 0")
        self.brightness, self.contrast, self.luma_flip = brightness, contrast, luma_flip
        self.hue, self.saturation = hue, saturation

    def __call__(self, images: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
        brightness = chosen(self.brightness * rng.normal(1, 1, 1), rng, probability)
        contrast = chosen(self.contrast * rng.normal(1, 1, 1), rng, probability)
        flip = chosen(self.luma_flip * (rng.uniform(1, 1, 1) < 0.5), rng, probability)
        hue = pi * chosen(self.hue * (2 * rng.uniform(1, 1, 1) - 1), rng, probability)
        saturation = (log(2) * chosen(self.saturation * rng.normal(1, 1, 1), rng, probability)).exp()

        images = (log(2) * contrast).exp() * (images + brightness)
        images = images - 2 * flip * images.mean(1, keepdim=True)
        if images.shape[1] != 3:
            return images
        chroma = images - images.mean(1, keepdim=True)
        across = (chroma.roll(1, 1) - chroma.roll(-1, 1)) / 3**0.5  # the grey axis x chroma (Rodrigues)
        return images + (saturation * hue.cos() - 1) * chroma + saturation * hue.sin() * across
