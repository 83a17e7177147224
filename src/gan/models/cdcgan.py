"""Conditional DCGAN: projection discriminator (Miyato and Koyama, 2018), and class-conditional norms in G."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gan.bounds import Classes, ImageShape
from gan.models import cgan, dcgan
from gan.models.gan import GAN
from gan.nn.conditioning import ConditionalNorm, LabelVector
from gan.nn.layers import maybe_spectral_norm
from gan.types import DiscriminatorOutput

__all__ = ["CDCGAN", "Discriminator", "Generator"]


class Generator(cgan.Generator):
    """DCGAN's generator with class-conditional norms, and with the label vector appended to z.

    The shift of a conditional norm is the same at all positions, and a DCGAN has few layers to turn it into shapes. In
    the first layer, by contrast, each entry of the label vector has a weight for each position.

    Args:
        image_shape: (C, H, W); see DCGAN's.
        num_classes: Number of classes K.
        **settings: See cGAN's generator.

    Raises:
        ValueError: If the size does not fit, or there are fewer than two classes.
    """

    def __init__(self, image_shape: ImageShape, num_classes: Classes, **settings: Any) -> None:
        make_norm = partial(ConditionalNorm, num_classes=num_classes)
        super().__init__(image_shape, num_classes, make_norm=make_norm, **settings)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and labels (see LabelVector) to images, with shape (B, C, H, W)."""
        assert labels is not None
        images = torch.cat([z, self.label(labels)], 1)[:, :, None, None]
        for layer in self.layers:
            images = layer(images, labels) if isinstance(layer, ConditionalNorm) else layer(images)
        return images


class Discriminator(dcgan.Discriminator):
    """DCGAN's discriminator; the inner product of features and a class vector is added to its logits.

    Args:
        image_shape: (C, H, W); see DCGAN's.
        num_classes: Number of classes K.
        spectral_norm: Whether to divide weights by their largest singular value, including the class vectors.
        pool: Whether to sum features over positions before the product, as in the paper's deeper networks. Otherwise
            the class vector, like DCGAN's last layer, has a weight for each position.
        **settings: See DCGAN's.

    Raises:
        ValueError: If the size does not fit, or there are fewer than two classes.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: Classes,
        spectral_norm: bool = False,
        pool: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(image_shape, spectral_norm=spectral_norm, **settings)
        self.label, self.pool = LabelVector(num_classes), pool
        size = self.feature_shape[0] if pool else self.num_features
        vectors = dcgan.init_weights(nn.Linear(num_classes, size, bias=False))
        self.vectors = maybe_spectral_norm(vectors, spectral_norm)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), and their classes to logits y^T V φ(x) + ψ(φ(x)) and features."""
        assert labels is not None
        logits, features = super().forward(images)
        phi = features.float()
        if self.pool:
            phi = phi.unflatten(1, self.feature_shape).sum((2, 3))
        return DiscriminatorOutput(logits + (self.vectors(self.label(labels)) * phi).sum(1), features)


class CDCGAN(GAN):
    """Conditional DCGAN; see GAN for the arguments."""
