"""The loss of an autoencoder with discrete codes (VQ-VAE; van den Oord et al., 2017, Eq. 3), and of their prior."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.losses.elbo import gaussian_cost
from gan.types import Quantized, Terms

__all__ = ["VectorQuantization", "codebook_use"]


class VectorQuantization:
    """Squared errors of pixels, codebook and encoder, each a mean over its numbers, and the prior's cross entropy.

    Args:
        commitment: β, the weight of the encoder's distance from the codes that it is given.

    Raises:
        ValueError: If the weight is negative.
    """

    def __init__(self, commitment: float = 0.25) -> None:
        if commitment < 0:
            raise ValueError(f"commitment must be at least 0, not {commitment}")
        self.commitment = commitment

    def __call__(
        self, images: Tensor, reconstructions: Tensor, encoded: Tensor, quantized: Quantized, logits: Tensor
    ) -> tuple[Terms, Terms]:
        """Return the terms, ``prior`` in nats a code, and measures: the bound, and how many codes are in use.

        A code is certain, so that the bound in nats an image is what pixels cost, as ``gaussian_cost`` has it, and what
        the prior pays for all codes: it compares with a VAE's.

        Args:
            images: With shape (B, C, H, W).
            reconstructions: With shape (B, C, H, W).
            encoded: What the encoder says, with shape (B, D, h, w).
            quantized: The codes next to that.
            logits: The prior's, of each code given those before it, with shape (B, K, h, w).
        """
        terms = {
            "reconstruction": F.mse_loss(reconstructions.float(), images),
            "codebook": F.mse_loss(quantized.vectors, encoded.detach()),
            "commitment": self.commitment * F.mse_loss(encoded, quantized.vectors.detach()),
            "prior": F.cross_entropy(logits.float(), quantized.codes),
        }
        with torch.no_grad():
            cost = gaussian_cost(images, reconstructions) + quantized.codes[0].numel() * terms["prior"]
            return terms, {"elbo": -cost, **codebook_use(quantized.codes, logits.shape[1])}


def codebook_use(codes: Tensor, num_codes: int) -> Terms:
    """Return how many codes of K some images use: exp of the entropy of their shares, and the part used at all."""
    shares = torch.bincount(codes.flatten(), minlength=num_codes) / codes.numel()
    return {"perplexity": torch.special.entr(shares).sum().exp(), "codes_used": (shares > 0).float().mean()}
