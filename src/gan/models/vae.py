"""VAE: an encoder, a decoder and a bound on the likelihood (Kingma and Welling, 2014), with DCGAN's networks."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from gan.keyed_random import KeyedRandom
from gan.losses.elbo import ELBO
from gan.models import dcgan
from gan.models.autoencoder import AutoEncoder
from gan.models.trainable import OptimizerFactory
from gan.nn.layers import Norm
from gan.types import Batch, GaussianPosterior, Terms

__all__ = ["VAE", "Encoder"]


class Encoder(nn.Module):
    """From images to a Gaussian over z: DCGAN's discriminator, with another last layer.

    Args:
        image_shape: (C, H, W), as DCGAN's.
        latent_dim: Length of z.
        width: Channels of the first layer, as DCGAN's.
        norm: Normalisation of each hidden layer but the first.
        spectral_norm: Whether hidden layers' weights are divided by their largest singular value.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int = 100,
        width: int = 64,
        norm: Norm = "batch",
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        body = dcgan.Discriminator(image_shape, width, norm, spectral_norm)
        self.layers = body.layers
        self.head = dcgan.initialized(nn.Linear(body.num_features, 2 * latent_dim))

    def forward(self, images: Tensor) -> GaussianPosterior:
        """Encode images, with shape (B, C, H, W)."""
        mean, log_variance = self.head(self.layers(images).flatten(1)).float().chunk(2, 1)
        return GaussianPosterior(mean, log_variance)


class VAE(AutoEncoder):
    """A variational autoencoder. Its samples are the decoder's means: no noise is added to pixels.

    Args:
        generator: The decoder; maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        encoder: Maps images to a GaussianPosterior.
        objective: What is minimised.
        optimizer: Functions from parameters to an optimiser, under ``generator``.
        **settings: As Trainable takes them.

    Raises:
        ValueError: If a number is out of its range, the objective is no bound, or z is not normal.
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
                f"a VAE maximises the evidence lower bound, not {kind}: leave loss=... out, or say loss=elbo"
            )
        if self.latent != "normal":
            raise ValueError(f"a VAE's posterior and prior are normal: model.latent={self.latent} does not fit")
        self.objective = objective

    def terms(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return the bound's two terms, from one draw of each posterior (Kingma and Welling, 2014, Eq. 10)."""
        posterior = self.encoder(batch.images)
        z = posterior.mean + (posterior.log_variance / 2).exp() * self.sample_latent(rng)
        return self.objective(batch.images, self.generator(z, batch.labels).float(), posterior)

    def encode_and_decode(self, images: Tensor) -> Tensor:
        """Decode the posteriors' means."""
        return self.generator(self.encoder(images).mean).float()
