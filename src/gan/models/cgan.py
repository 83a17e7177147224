"""Conditional GAN: both players are told the class (Mirza and Osindero, 2014), with DCGAN's networks."""

from typing import Any

import torch
from torch import Tensor

from gan.models import dcgan
from gan.models.gan import GAN
from gan.nn.conditioning import LabelVector
from gan.types import DiscriminatorOutput

__all__ = ["CGAN", "Discriminator", "Generator"]


class Generator(dcgan.Generator):
    """From noise and a class to images: the class's vector is appended to z.

    Args:
        image_shape: (C, H, W), as DCGAN's.
        num_classes: Number of classes K.
        latent_dim: Length of z.
        embedding_dim: Length of a class's learned vector; None for one-hot vectors.
        **settings: As DCGAN's takes them.

    Raises:
        ValueError: If the size does not fit, or there is but one class.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        num_classes: int,
        latent_dim: int = 100,
        embedding_dim: int | None = None,
        **settings: Any,
    ) -> None:
        label = LabelVector(num_classes, embedding_dim)
        super().__init__(image_shape, latent_dim + label.size, **settings)
        self.label = label

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and labels, as LabelVector takes them, to images, (B, C, H, W)."""
        assert labels is not None
        return super().forward(torch.cat([z, self.label(labels)], 1))


class Discriminator(dcgan.Discriminator):
    """From images and their classes to logits: each entry of the class's vector is one more channel of the image.

    Args:
        image_shape: (C, H, W), as DCGAN's.
        num_classes: Number of classes K.
        embedding_dim: Length of a class's learned vector; None for one-hot vectors.
        **settings: As DCGAN's takes them.

    Raises:
        ValueError: If the size does not fit, or there is but one class.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        num_classes: int,
        embedding_dim: int | None = None,
        **settings: Any,
    ) -> None:
        label = LabelVector(num_classes, embedding_dim)
        channels, *size = image_shape
        super().__init__((channels + label.size, size[0], size[1]), **settings)
        self.label = label

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Judge images, with shape (B, C, H, W), as ones of some classes."""
        assert labels is not None
        planes = self.label(labels)[:, :, None, None].expand(-1, -1, *images.shape[2:])
        return super().forward(torch.cat([images, planes], 1))


class CGAN(GAN):
    """The game between the two; see GAN for the arguments."""
