"""AC-GAN: D also classifies images (Odena et al., 2017), with cGAN's generator and DCGAN's discriminator."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Classes, ImageShape, Weight
from gan.models import dcgan
from gan.models.gan import GAN
from gan.nn.conditioning import check_classes
from gan.nn.layers import maybe_spectral_norm
from gan.types import DiscriminatorOutput, DiscriminatorPass, Terms

__all__ = ["ACGAN", "Discriminator"]


class Discriminator(dcgan.Discriminator):
    """DCGAN's discriminator with a classifier on its features; it does not get the class as an input.

    Args:
        image_shape: (C, H, W); see DCGAN's.
        num_classes: Number of classes K.
        spectral_norm: Whether to divide weights by their largest singular value, including the class head.
        **settings: See DCGAN's.

    Raises:
        ValueError: If the size does not fit, or there are fewer than two classes.
    """

    def __init__(
        self, image_shape: ImageShape, num_classes: Classes, spectral_norm: bool = False, **settings: Any
    ) -> None:
        check_classes(num_classes)
        super().__init__(image_shape, spectral_norm=spectral_norm, **settings)
        class_head = dcgan.init_weights(nn.Linear(self.num_features, num_classes))
        self.class_head = maybe_spectral_norm(class_head, spectral_norm)

    def classify(self, features: Tensor) -> Tensor:
        """Return class logits, float32 with shape (B, K), from an output's features."""
        with torch.autocast(features.device.type, enabled=False):
            return self.class_head(features.float())


class ACGAN(GAN):
    """Auxiliary classifier GAN: both players also minimise the cross entropy of the classes.

    Args:
        discriminator: A discriminator with a method ``classify``.
        class_weight: Weight of the cross entropy in both players' losses; 1 in the paper.
        classify_fakes: Whether D's cross entropy includes fakes, as in the paper's L_C, or real images alone.
        **settings: See GAN.
    """

    discriminator: Discriminator

    def __init__(
        self,
        discriminator: Discriminator,
        class_weight: Weight = 1.0,
        classify_fakes: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(discriminator=discriminator, **settings)
        self.class_weight, self.classify_fakes = class_weight, classify_fakes

    def class_term(self, output: DiscriminatorOutput | None, labels: Tensor | None) -> Tensor:
        """Return the weighted cross entropy of the classes: one of the two expectations in L_C (Eq. 3), negated."""
        assert output is not None
        assert labels is not None
        return self.class_weight * F.cross_entropy(self.discriminator.classify(output.features), labels)

    def discriminator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        term = self.class_term(d_pass.real_output, d_pass.batch.labels)
        if self.classify_fakes:
            term = term + self.class_term(d_pass.fake_output, d_pass.inputs.labels)
        return super().discriminator_terms(d_pass) | {"class": term}

    def generator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        term = self.class_term(d_pass.fake_output, d_pass.inputs.labels)
        return super().generator_terms(d_pass) | {"class": term}

    @torch.no_grad()
    def measures(self, d_pass: DiscriminatorPass) -> Terms:
        """Return the measures of GAN, and D's classification accuracy on real images."""
        assert d_pass.real_output is not None
        predicted = self.discriminator.classify(d_pass.real_output.features).argmax(1)
        accuracy = (predicted == d_pass.batch.labels).float().mean()
        return super().measures(d_pass) | {"class_accuracy": accuracy}
