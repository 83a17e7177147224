"""Evidence lower bound, the objective of a variational autoencoder (Kingma and Welling, 2014, Eq. 3)."""

from math import pi

import torch
from torch import Tensor

from gan.bounds import Positive, Weight
from gan.distributed.group import mean_over_ranks
from gan.losses.part import LossPart
from gan.types import GaussianPosterior, Terms

__all__ = ["ELBO", "gaussian_kl", "gaussian_nll"]

ROUNDING_VARIANCE = (2 / 255) ** 2 / 12  # of rounding [-1, 1] to 256 levels: a lower bound of the decoder's variance


class ELBO(LossPart):
    """Negative evidence lower bound in nats per image, with a Gaussian decoder and a Gaussian posterior.

    The decoder predicts the mean of each pixel. The variance sets the weight of the reconstruction against the KL
    divergence. A small variance gives sharp reconstructions, but the posteriors leave gaps in the prior, and samples
    are broken; a large one gives coherent, blurred samples. Digits have an almost constant background, so the variance
    that maximises the bound (σ-VAE; Rybkin et al., 2021) is small: the best likelihood does not give the best samples.

    Args:
        beta: Weight of the KL divergence; 1 gives the bound (β-VAE; Higgins et al., 2017, Eq. 4).
        variance: Variance of a pixel given its mean, for images in [-1, 1]; None for the one that maximises the bound,
            which is the mean squared error of each batch.
    """

    def __init__(self, beta: Weight = 1.0, variance: Positive | None = 0.5) -> None:
        super().__init__()
        self.beta, self.variance = beta, variance

    def forward(self, images: Tensor, reconstructions: Tensor, posterior: GaussianPosterior) -> tuple[Terms, Terms]:
        """Return the loss's terms, in nats per image, and the bound as a measure.

        The measure always uses β = 1 and the optimal variance, so that runs are comparable. It bounds a density, in
        units of half the pixel range, and can have either sign.

        Args:
            images: With shape (B, C, H, W).
            reconstructions: Decoder outputs for one draw from each posterior, with shape (B, C, H, W).
            posterior: Posterior of each image.
        """
        reconstruction = gaussian_nll(images, reconstructions, self.variance)
        kl = gaussian_kl(posterior)
        with torch.no_grad():
            bound = -(gaussian_nll(images, reconstructions) + kl)
        return {"reconstruction": reconstruction, "kl": self.beta * kl}, {"elbo": bound}


def gaussian_nll(images: Tensor, reconstructions: Tensor, variance: float | None = None) -> Tensor:
    """Return the batch mean of -log N(x; x', σ²) in nats per image; None uses the σ² that minimises it."""
    error = (images.float() - reconstructions.float()).square().mean()
    optimum = mean_over_ranks(error.detach()).clamp(min=ROUNDING_VARIANCE)
    used = optimum if variance is None else torch.full_like(optimum, variance)
    return images[0].numel() / 2 * (error / used + (2 * pi * used).log())


def gaussian_kl(posterior: GaussianPosterior) -> Tensor:
    """Return the batch mean of KL(N(μ, σ²) || N(0, I)) in nats (Kingma and Welling, 2014, Appendix B)."""
    mean, log_variance = posterior
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
