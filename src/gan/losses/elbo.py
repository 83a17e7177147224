"""The evidence lower bound that a variational autoencoder maximises (Kingma and Welling, 2014, Eq. 3)."""

from math import pi

import torch
from torch import Tensor

from gan.distributed.group import mean_over_ranks
from gan.types import GaussianPosterior, Terms

__all__ = ["ELBO", "divergence", "gaussian_cost"]

ROUNDING = (2 / 255) ** 2 / 12  # the variance of rounding [-1, 1] to 256 shades: no decoder is surer than that


class ELBO:
    """Minus the bound, in nats an image: what a Gaussian around a reconstruction costs, and what the posterior does.

    The decoder gives a pixel's mean; the variance decides how many nats the posterior may spend on it. Of a small one
    reconstructions are sharp, but the posteriors lie so far apart that the prior falls between them, and samples are
    broken; of a large one samples are whole, and blurred. On digits, whose background is sure, the variance that makes
    the bound largest (σ-VAE; Rybkin et al., 2021) is small: the best likelihood has not the best samples.

    Args:
        beta: Weight of the divergence; the bound's is 1 (β-VAE; Higgins et al., 2017, Eq. 4).
        variance: Of a pixel given its mean, in squared units of images that span [-1, 1]; None for the one that makes
            the bound largest, the mean squared error, taken anew from each batch.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(self, beta: float = 1.0, variance: float | None = 0.5) -> None:
        if beta < 0:
            raise ValueError(f"beta must be at least 0, not {beta}")
        if variance is not None and variance <= 0:
            raise ValueError(f"variance must be above 0, not {variance}")
        self.beta, self.variance = beta, variance

    def __call__(self, images: Tensor, reconstructions: Tensor, posterior: GaussianPosterior) -> tuple[Terms, Terms]:
        """Return the terms, both in nats an image, and the bound as a measure.

        That has the divergence's weight at 1 and the best variance, whatever was minimised, so that runs compare. It
        bounds a density, whose unit is half the range of a pixel, and may have either sign.

        Args:
            images: With shape (B, C, H, W).
            reconstructions: Of the decoder, from one draw of each posterior, with shape (B, C, H, W).
            posterior: Of each image.
        """
        reconstruction = gaussian_cost(images, reconstructions, self.variance)
        kl = divergence(posterior)
        with torch.no_grad():
            bound = -(gaussian_cost(images, reconstructions) + kl)
        return {"reconstruction": reconstruction, "kl": self.beta * kl}, {"elbo": bound}


def gaussian_cost(images: Tensor, reconstructions: Tensor, variance: float | None = None) -> Tensor:
    """Return the mean of -log N(x; x', σ²) over a batch, in nats an image; σ² is the batch's best where None."""
    error = (images.float() - reconstructions.float()).square().mean()
    best = mean_over_ranks(error.detach()).clamp(min=ROUNDING)
    used = best if variance is None else torch.full_like(best, variance)
    return images[0].numel() / 2 * (error / used + (2 * pi * used).log())


def divergence(posterior: GaussianPosterior) -> Tensor:
    """Return the mean of KL(N(μ, σ²) || N(0, I)) over a batch, in nats (Kingma and Welling, 2014, Appendix B)."""
    mean, log_variance = posterior
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean() / 2
