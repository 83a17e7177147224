"""Variational autoencoder (Kingma and Welling, 2014), with DCGAN's networks."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from gan.bounds import ImageShape, LatentDim, Width
from gan.keyed_random import KeyedRandom
from gan.losses.elbo import ELBO
from gan.models import dcgan
from gan.models.autoencoder import AutoEncoder
from gan.models.trainable import OptimizerFactory
from gan.nn.layers import Norm
from gan.types import Batch, GaussianPosterior, Terms

__all__ = ["VAE", "Encoder"]


class Encoder(nn.Module):
    """Encoder from images to a Gaussian over z: DCGAN's discriminator with a different last layer.

    Args:
        image_shape: (C, H, W); see DCGAN's.
        latent_dim: Length of z.
        width: Channels of the first layer; see DCGAN's.
        norm: Normalisation of each hidden layer except the first.
        spectral_norm: Whether to divide the weights of hidden layers by their largest singular value.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: LatentDim = 100,
        width: Width = 64,
        norm: Norm = "batch",
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        discriminator = dcgan.Discriminator(image_shape, width, norm, spectral_norm)
        self.layers = discriminator.layers
        self.head = dcgan.init_weights(nn.Linear(discriminator.num_features, 2 * latent_dim))

    def forward(self, images: Tensor) -> GaussianPosterior:
        """Encode images, with shape (B, C, H, W)."""
        mean, log_variance = self.head(self.layers(images).flatten(1)).float().chunk(2, 1)
        return GaussianPosterior(mean, log_variance)


class VAE(AutoEncoder):
    """Variational autoencoder; samples are the decoder's means, without pixel noise.

    Args:
        generator: The decoder; maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        encoder: Maps images to a GaussianPosterior.
        objective: The negative evidence lower bound.
        optimizer: Functions from parameters to an optimiser, under ``generator``.
        **settings: See Trainable.

    Raises:
        ValueError: If the objective is not an ELBO, or z is not normal.
    """

    def __init__(
        self,
        generator: nn.Module,
        encoder: nn.Module,
        objective: ELBO,
        optimizer: Mapping[str, OptimizerFactory],
        **settings: Any,
    ) -> None:
        super().__init__(generator, encoder, optimizer, **settings)
        if not isinstance(objective, ELBO):
            kind = type(objective).__name__
            raise ValueError(
                f"a VAE maximises the evidence lower bound, not {kind}: leave loss=... out, or set loss=elbo"
            )
        if self.latent != "normal":
            raise ValueError(f"a VAE's posterior and prior are normal: model.latent={self.latent} does not fit")
        self.objective = objective

    def loss_terms(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return both terms of the bound for one draw from each posterior (Kingma and Welling, 2014, Eq. 10)."""
        posterior = self.encoder(batch.real)
        z = posterior.mean + (posterior.log_variance / 2).exp() * self.sample_latent(rng)
        return self.objective(batch.real, self.generator(z, batch.labels).float(), posterior)

    def encode_and_decode(self, images: Tensor) -> Tensor:
        """Decode the means of the posteriors."""
        return self.generator(self.encoder(images).mean).float()
