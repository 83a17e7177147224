"""Images with a hole."""

import torch
from PIL import Image, ImageOps
from torch import Tensor

from gan.data.degradations.base import ConditionBaseline, Degradation
from gan.data.degradations.holes import Hole, draw_holes
from gan.data.image_tensor import image_tensor
from gan.errors import UserError
from gan.keyed_random import KeyedRandom

__all__ = ["Mask", "cut_hole"]


class Mask(Degradation):
    """Image whose hole is mid-grey (0), and a further channel: 1 in the hole, 0 where pixels are known.

    Args:
        kind: Kind of hole; see ``draw_holes``.
        channels: Channels of an image.
    """

    compare_with_mean = True

    def __init__(self, kind: Hole, channels: int) -> None:
        self.kind, self.channels = kind, channels

    @property
    def trivial_baselines(self) -> dict[str, ConditionBaseline]:
        """The image with its hole, mid-grey."""
        return {"copy": lambda condition: condition[:, :-1]}

    def keep_known(self, condition: Tensor, generated: Tensor) -> Tensor:
        """Return the known pixels, and what is generated in the hole."""
        return torch.where(condition[:, -1:] > 0, generated, condition[:, :-1])

    def condition(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        height, width = images.shape[2:]
        return cut_hole(images, draw_holes(self.kind, rng, height, width))

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None, background: str) -> Tensor:
        """Return an image with its hole: where the mask is white, or else where the image is transparent."""
        ImageOps.exif_transpose(image, in_place=True)
        hole = torch.zeros(1)
        if mask is not None:
            hole = image_tensor(mask, 1, "black") > 0
        elif image.has_transparency_data:
            hole = image_tensor(image.convert("RGBA").getchannel("A"), 1, background) <= 0
        if not hole.any():
            raise UserError(
                "the mask has no hole: make it white there, and black where pixels are known"
                if mask is not None
                else "the image has no hole: pass a mask that is white there, or make it transparent there"
            )
        pixels = image_tensor(image, self.channels, background)
        if hole.shape[1:] != pixels.shape[1:]:
            sizes = ["x".join(map(str, reversed(x.shape[1:]))) for x in (hole, pixels)]
            raise UserError(f"the mask has {sizes[0]} pixels, and the image {sizes[1]}: both need the same size")
        return cut_hole(pixels[None], hole[None].float())[0]

    def picture(self, condition: Tensor, channels: int) -> Tensor:
        """Return the images with their holes visible."""
        return condition[:, :-1]


def cut_hole(images: Tensor, hole: Tensor) -> Tensor:
    """Return images with a hole, and the hole as a further channel.

    Args:
        images: In [-1, 1], with shape (B, C, H, W).
        hole: 1 in the hole and 0 elsewhere, with shape (B, 1, H, W).

    Returns:
        With shape (B, C + 1, H, W); known pixels are equal to those of the images, those of the hole are 0.
    """
    return torch.cat([torch.where(hole > 0, 0.0, images), hole], 1)
