"""Loss of an autoencoder with discrete codes and of their prior (VQ-VAE; van den Oord et al., 2017, Eq. 3)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.bounds import Weight
from gan.losses.elbo import gaussian_nll
from gan.losses.part import LossPart
from gan.types import Quantized, Terms

__all__ = ["VectorQuantization", "codebook_usage"]


class VectorQuantization(LossPart):
    """Mean squared errors of reconstruction, codebook and encoder, and cross entropy of the prior.

    Args:
        commitment: β, the weight of the encoder's distance from its codes.
    """

    def __init__(self, commitment: Weight = 0.25) -> None:
        super().__init__()
        self.commitment = commitment

    def forward(
        self, images: Tensor, reconstructions: Tensor, encoded: Tensor, quantized: Quantized, logits: Tensor
    ) -> tuple[Terms, Terms]:
        """Return the loss's terms, ``prior`` in nats per code, and measures: the bound and the codebook's usage.

        The posterior over codes is deterministic, so the evidence lower bound is the negative sum of ``gaussian_nll``
        and the prior's cross entropy of all codes, in nats per image. It is comparable with a VAE's.

        Args:
            images: With shape (B, C, H, W).
            reconstructions: With shape (B, C, H, W).
            encoded: Encoder outputs, with shape (B, D, h, w).
            quantized: The nearest codes.
            logits: The prior's prediction of each code from the codes before it, with shape (B, K, h, w).
        """
        terms = {
            "reconstruction": F.mse_loss(reconstructions.float(), images),
            "codebook": F.mse_loss(quantized.vectors, encoded.detach()),
            "commitment": self.commitment * F.mse_loss(encoded, quantized.vectors.detach()),
            "prior": F.cross_entropy(logits.float(), quantized.codes),
        }
        with torch.no_grad():
            cost = gaussian_nll(images, reconstructions) + quantized.codes[0].numel() * terms["prior"]
            return terms, {"elbo": -cost, **codebook_usage(quantized.codes, logits.shape[1])}


def codebook_usage(codes: Tensor, num_codes: int) -> Terms:
    """Return the perplexity of the codes, exp of the entropy of their frequencies, and the fraction of codes used."""
    frequencies = torch.bincount(codes.flatten(), minlength=num_codes) / codes.numel()
    return {
        "perplexity": torch.special.entr(frequencies).sum().exp(),
        "codes_used": (frequencies > 0).float().mean(),
    }
