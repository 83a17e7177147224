"""Simplified loss of a denoising diffusion model (DDPM; Ho et al., 2020, Eq. 14)."""

import torch.nn.functional as F
from torch import Tensor

from gan.losses.part import LossPart
from gan.types import Terms

__all__ = ["Denoising"]


class Denoising(LossPart):
    """Mean squared error of the predicted noise, averaged over pixels.

    It is the bound of the likelihood without the weights of its terms, one for each step of noise.
    """

    def forward(self, noise: Tensor, predicted: Tensor) -> tuple[Terms, Terms]:
        """Return the loss's only term, ``noise``, and no measures; a prediction of zero scores about 1.

        Args:
            noise: Noise of each image, from N(0, 1), with shape (B, C, H, W).
            predicted: Its prediction, with the same shape.
        """
        return {"noise": F.mse_loss(predicted.float(), noise)}, {}
