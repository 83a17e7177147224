"""Conditional GAN: both players get the class as an input (Mirza and Osindero, 2014), with DCGAN's networks."""

from typing import Any

import torch
from torch import Tensor

from gan.bounds import Classes, ImageShape, LatentDim, Width
from gan.models import dcgan
from gan.models.gan import GAN
from gan.nn.conditioning import LabelVector
from gan.types import DiscriminatorOutput

__all__ = ["CGAN", "Discriminator", "Generator"]


class Generator(dcgan.Generator):
    """DCGAN's generator with the label vector appended to z.

    Args:
        image_shape: (C, H, W); see DCGAN's.
        num_classes: Number of classes K.
        latent_dim: Length of z.
        embedding_dim: Length of the learned label vector; None for one-hot vectors.
        **settings: See DCGAN's.

    Raises:
        ValueError: If the size does not fit, or there are fewer than two classes.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: Classes,
        latent_dim: LatentDim = 100,
        embedding_dim: Width | None = None,
        **settings: Any,
    ) -> None:
        label = LabelVector(num_classes, embedding_dim)
        super().__init__(image_shape, latent_dim + label.size, **settings)
        self.label = label

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and labels (see LabelVector) to images, with shape (B, C, H, W)."""
        assert labels is not None
        return super().forward(torch.cat([z, self.label(labels)], 1))


class Discriminator(dcgan.Discriminator):
    """DCGAN's discriminator with each entry of the label vector as an additional, constant input channel.

    Args:
        image_shape: (C, H, W); see DCGAN's.
        num_classes: Number of classes K.
        embedding_dim: Length of the learned label vector; None for one-hot vectors.
        **settings: See DCGAN's.

    Raises:
        ValueError: If the size does not fit, or there are fewer than two classes.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: Classes,
        embedding_dim: Width | None = None,
        **settings: Any,
    ) -> None:
        label = LabelVector(num_classes, embedding_dim)
        channels, *size = image_shape
        super().__init__((channels + label.size, size[0], size[1]), **settings)
        self.label = label

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), and their classes to logits and features."""
        assert labels is not None
        planes = self.label(labels)[:, :, None, None].expand(-1, -1, *images.shape[2:])
        return super().forward(torch.cat([images, planes], 1))


class CGAN(GAN):
    """Conditional GAN; see GAN for the arguments."""
