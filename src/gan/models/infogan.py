"""InfoGAN: latent codes with high mutual information with the images, learned without labels (Chen et al., 2016)."""

from collections.abc import Callable, Mapping
from math import log
from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Classes, ImageShape, LatentDim, NonNegativeInt, Weight, Width
from gan.keyed_random import KeyedRandom
from gan.losses.objective import Objective
from gan.models import dcgan
from gan.models.gan import GAN
from gan.models.trainable import OptimizerFactory
from gan.nn.conditioning import LabelVector
from gan.nn.layers import Norm, maybe_spectral_norm, norm_layer
from gan.types import Batch, DiscriminatorOutput, DiscriminatorPass, GeneratorInput, Terms

__all__ = ["CodePosterior", "Discriminator", "Generator", "InfoGAN", "Recognition"]


class Generator(dcgan.Generator):
    """DCGAN's generator after a fully connected layer of noise and codes (Appendix C.1 of the paper).

    Args:
        image_shape: (C, H, W); see DCGAN's.
        num_classes: Number K of categories of the categorical code.
        latent_dim: Length of z.
        hidden: Units of the fully connected layer.
        norm: Normalisation of each hidden layer.
        spectral_norm: Whether to divide weights by their largest singular value.
        **settings: See DCGAN's.

    Raises:
        ValueError: If the size does not fit, or there are fewer than two categories.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        num_classes: Classes,
        latent_dim: LatentDim = 100,
        hidden: Width = 512,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(image_shape, hidden, norm=norm, spectral_norm=spectral_norm, **settings)
        self.label = LabelVector(num_classes)
        self.hidden = fully_connected(latent_dim + num_classes, hidden, norm, spectral_norm, nn.ReLU(inplace=True))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and labels (see LabelVector) to images, with shape (B, C, H, W)."""
        assert labels is not None
        return super().forward(self.hidden(torch.cat([z, self.label(labels)], 1)))


class Discriminator(dcgan.Discriminator):
    """DCGAN's discriminator with a fully connected layer before the last (Appendix C.1); Q takes its units.

    Args:
        image_shape: (C, H, W); see DCGAN's.
        hidden: Units of the fully connected layer.
        norm: Normalisation of each hidden layer except the first.
        spectral_norm: Whether to divide weights by their largest singular value.
        **settings: See DCGAN's.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        hidden: Width = 512,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(image_shape, norm=norm, spectral_norm=spectral_norm, **settings)
        self.hidden = fully_connected(self.num_features, hidden, norm, spectral_norm, nn.LeakyReLU(0.2, inplace=True))
        self.head = maybe_spectral_norm(dcgan.init_weights(nn.Linear(hidden, 1)), spectral_norm)
        self.num_features = hidden

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), to logits and features."""
        features = self.hidden(self.layers(images).flatten(1))
        return DiscriminatorOutput(self.head(features).flatten(), features)


def fully_connected(inputs: int, outputs: int, norm: Norm, spectral_norm: bool, activation: nn.Module) -> nn.Sequential:
    """Build a fully connected layer with norm and activation; layer norm replaces instance norm, which needs images."""
    layer = maybe_spectral_norm(dcgan.init_weights(nn.Linear(inputs, outputs, bias=norm == "none")), spectral_norm)
    return nn.Sequential(layer, norm_layer("layer" if norm == "instance" else norm, outputs, spatial=False), activation)


class CodePosterior(NamedTuple):
    """Q's posterior over the codes of images.

    Attributes:
        logits: Logits of the categories, with shape (B, K).
        mean: Mean of each continuous code, with shape (B, continuous).
        variance: Variance of each continuous code, with shape (B, continuous).
    """

    logits: Tensor
    mean: Tensor
    variance: Tensor


class Recognition(nn.Module):
    """Recognition network Q: from D's features to a posterior over codes, with one hidden layer (Appendix C.1).

    Args:
        num_features: Length of the features.
        num_classes: Number K of categories of the categorical code.
        continuous: Number of continuous codes.
        width: Units of the hidden layer.
        norm: Normalisation of the hidden layer: ``batch``, ``layer`` or ``none``.
        learned_variance: Whether the variance of a continuous code depends on the image; otherwise it is 1.
    """

    def __init__(
        self,
        num_features: int,
        num_classes: Classes,
        continuous: NonNegativeInt = 2,
        width: Width = 128,
        norm: Norm = "batch",
        learned_variance: bool = False,
    ) -> None:
        super().__init__()
        self.sizes = [num_classes, continuous, continuous if learned_variance else 0]
        self.hidden = nn.Sequential(
            nn.Linear(num_features, width, bias=norm != "batch"),
            norm_layer(norm, width, spatial=False),
            nn.LeakyReLU(0.1),
        )
        self.head = nn.Linear(width, sum(self.sizes))

    def forward(self, features: Tensor) -> CodePosterior:
        """Return the posterior over codes given features, with shape (B, num_features)."""
        logits, mean, log_variance = self.head(self.hidden(features)).split(self.sizes, 1)
        return CodePosterior(logits, mean, log_variance.exp() if self.sizes[2] else torch.ones_like(mean))


class InfoGAN(GAN):
    """GAN in which both players also maximise a lower bound on the mutual information of codes and images.

    The bound is L_I(G, Q) = E[log Q(c | G(z, c))] + H(c) (Eq. 5), where Q takes D's features. Both players minimise
    -λ L_I: G's optimiser updates G and Q (Eq. 6), and D's optimiser updates D's hidden layers, which Q shares, with Q
    frozen. With λ = 1, a term is the negative bound in nats: ``category`` is -log K if an image determines its
    category, and 0 if it contains no information about it.

    The categorical code is passed to the generator as labels; it is drawn at random, never taken from the data. The
    continuous codes are the last entries of z. All of z is uniform on [-1, 1], noise included, as in the authors' code.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        discriminator: Maps (images, labels) to a DiscriminatorOutput; its attribute ``num_features`` is the number of
            features.
        recognition: Builds Q from the number of features.
        objective: Objective of both players, without the information terms.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        continuous: Number of entries of z that are codes.
        category_weight: λ of the categorical code.
        continuous_weight: λ of the continuous codes.
        latent: Distribution of z.
        **settings: See GAN; ``latent_dim`` includes the continuous codes, and ``num_classes`` is the number K of
            categories.

    Raises:
        ValueError: If ``continuous`` exceeds z, or the discriminator has no ``num_features``.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        recognition: Callable[[int], nn.Module],
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        continuous: NonNegativeInt = 2,
        category_weight: Weight = 1.0,
        continuous_weight: Weight = 0.1,
        latent: Literal["uniform"] = "uniform",
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, latent=latent, **settings)
        if continuous > self.latent_dim:
            raise ValueError(f"continuous={continuous} must be at most latent_dim={self.latent_dim}, which includes it")
        num_features = getattr(discriminator, "num_features", None)
        if not isinstance(num_features, int):
            raise ValueError(f"{type(discriminator).__name__} has no num_features, which Q needs")
        self.recognition = recognition(num_features)
        self.continuous = continuous
        self.category_weight, self.continuous_weight = category_weight, continuous_weight

    def players(self) -> dict[str, list[nn.Module]]:
        """Return each player's networks; Q belongs to the generator (Eq. 6)."""
        players = super().players()
        return players | {"generator": [*players["generator"], self.recognition]}

    def draw_generator_input(self, batch: Batch, rng: KeyedRandom) -> GeneratorInput:
        """Draw noise, continuous codes and uniformly distributed categories."""
        inputs = super().draw_generator_input(batch, rng)
        return inputs._replace(labels=self.sample_labels(rng))

    def discriminator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        return super().discriminator_terms(d_pass) | self.information_terms(d_pass)

    def generator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        return super().generator_terms(d_pass) | self.information_terms(d_pass)

    def information_terms(self, d_pass: DiscriminatorPass) -> Terms:
        """Return -λ L_I of the categorical and the continuous codes (Eq. 5), in float32."""
        features, inputs = d_pass.fake_output.features, d_pass.inputs
        assert inputs.z is not None
        assert inputs.labels is not None
        with torch.autocast(features.device.type, enabled=False):
            posterior = self.recognition(features.float())
            codes = inputs.z[:, self.latent_dim - self.continuous :]
            nll = F.gaussian_nll_loss(posterior.mean, codes, posterior.variance, full=True, reduction="none")
            category = log(self.num_classes) - F.cross_entropy(posterior.logits, inputs.labels)
            continuous = self.continuous * log(2) - nll.sum(1).mean()  # log 2 is the entropy of U[-1, 1]
        return {"category": -self.category_weight * category, "continuous": -self.continuous_weight * continuous}
