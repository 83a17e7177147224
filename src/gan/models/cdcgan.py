"""Conditional DCGAN: D projects features on the class (Miyato and Koyama, 2018), G normalises by it."""

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gan.models import cgan, dcgan
from gan.models.gan import GAN
from gan.nn.conditioning import ConditionalNorm, LabelVector
from gan.nn.layers import maybe_spectral_norm
from gan.types import DiscriminatorOutput

__all__ = ["CDCGAN", "Discriminator", "Generator"]


class Generator(cgan.Generator):
    """From noise and a class to images, the normalisation of each hidden layer scaled and shifted as the class has it.

    A class's shift is the same at all indices. A DCGAN has few layers after it to make shapes of that, so the class's
    vector is appended to z too, where each of its entries has a weight for each place.

    Args:
        image_shape: (C, H, W), as DCGAN's.
        num_classes: Number of classes K.
        **settings: As cGAN's generator takes them.

    Raises:
        ValueError: If the size does not fit, or there is but one class.
    """

    def __init__(self, image_shape: tuple[int, int, int], num_classes: int, **settings: Any) -> None:
        make_norm = partial(ConditionalNorm, num_classes=num_classes)
        super().__init__(image_shape, num_classes, make_norm=make_norm, **settings)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and labels, as LabelVector takes them, to images, (B, C, H, W)."""
        assert labels is not None
        images = torch.cat([z, self.label(labels)], 1)[:, :, None, None]
        for layer in self.layers:
            images = layer(images, labels) if isinstance(layer, ConditionalNorm) else layer(images)
        return images


class Discriminator(dcgan.Discriminator):
    """From images and their classes to logits: DCGAN's, plus the product of features and a vector of the class.

    Args:
        image_shape: (C, H, W), as DCGAN's.
        num_classes: Number of classes K.
        spectral_norm: Whether weights are divided by their largest singular value, those of the vectors too.
        pool: Whether features are summed over indices before the product, as the paper's deeper networks have it. Else
            the class's vector, as DCGAN's last layer, has a weight for each place.
        **settings: As DCGAN's takes them.

    Raises:
        ValueError: If the size does not fit, or there is but one class.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        num_classes: int,
        spectral_norm: bool = False,
        pool: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(image_shape, spectral_norm=spectral_norm, **settings)
        self.label, self.pool = LabelVector(num_classes), pool
        size = self.feature_shape[0] if pool else self.num_features
        vectors = dcgan.initialized(nn.Linear(num_classes, size, bias=False))
        self.vectors = maybe_spectral_norm(vectors, spectral_norm)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Judge images, with shape (B, C, H, W), as ones of some classes, by y^T V φ(x) + ψ(φ(x))."""
        assert labels is not None
        logits, features = super().forward(images)
        phi = features.float()
        if self.pool:
            phi = phi.unflatten(1, self.feature_shape).sum((2, 3))
        return DiscriminatorOutput(logits + (self.vectors(self.label(labels)) * phi).sum(1), features)


class CDCGAN(GAN):
    """The game between the two; see GAN for the arguments."""
