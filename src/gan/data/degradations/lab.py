"""Lightness of images, from which their colour is generated."""

import torch
from PIL import Image
from torch import Tensor

from gan.data.cielab import lab_to_rgb, rgb_to_lab
from gan.data.degradations.base import ConditionBaseline, Degradation
from gan.data.image_tensor import source_tensor
from gan.keyed_random import KeyedRandom

__all__ = ["Lab"]


class Lab(Degradation):
    """Lightness L* of CIELAB; a* and b* are generated (Zhang et al., 2016, Section 2; pix2pix, Section 4.4)."""

    @property
    def trivial_baselines(self) -> dict[str, ConditionBaseline]:
        """The grey image: a* and b* are 0."""
        return {"grey": lambda condition: torch.zeros_like(condition).repeat(1, 2, 1, 1)}

    def condition(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        return rgb_to_lab(images)[:, :1]

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None, background: str) -> Tensor:
        return rgb_to_lab(source_tensor(image, mask, 3, background))[:1]

    def target(self, images: Tensor) -> Tensor:
        """Return a* and b*, divided by 110."""
        return rgb_to_lab(images)[:, 1:]

    def join(self, condition: Tensor, generated: Tensor) -> Tensor:
        """Return the images in sRGB."""
        return lab_to_rgb(torch.cat([condition, generated.to(condition)], 1))

    def complete_condition(self, condition: Tensor) -> Tensor:
        """Return the grey images of this lightness."""
        colourless = condition.new_zeros(condition.shape[0], 2, *condition.shape[2:])
        return lab_to_rgb(torch.cat([condition, colourless], 1))[:, :1]
