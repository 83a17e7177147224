"""Small copies of images."""

from PIL import Image
from torch import Tensor, nn
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from gan.data.degradations.base import ConditionBaseline, Degradation
from gan.data.image_tensor import source_tensor
from gan.images import from_uint8, to_uint8
from gan.keyed_random import KeyedRandom

__all__ = ["Downsample"]


class Downsample(Degradation):
    """Small copy of an image: antialiased bicubic (torchvision), rounded to the 256 levels that a file has.

    Args:
        factor: Divisor of height and width.
        channels: Channels of an image.
    """

    def __init__(self, factor: int, channels: int) -> None:
        self.factor, self.channels = factor, channels

    @property
    def trivial_baselines(self) -> dict[str, ConditionBaseline]:
        """Bicubic interpolation."""

        def bicubic(condition: Tensor) -> Tensor:
            size = [side * self.factor for side in condition.shape[2:]]
            return F.resize(condition, size, InterpolationMode.BICUBIC, antialias=True).clamp(-1, 1)

        return {"bicubic": bicubic}

    def condition(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        size = [side // self.factor for side in images.shape[2:]]
        small = F.resize(images, size, InterpolationMode.BICUBIC, antialias=True)
        return from_uint8(to_uint8(small))

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None, background: str) -> Tensor:
        return source_tensor(image, mask, self.channels, background)

    def picture(self, condition: Tensor, channels: int) -> Tensor:
        """Return the small images, magnified by repeating pixels."""
        return nn.functional.interpolate(condition, scale_factor=float(self.factor), mode="nearest")
