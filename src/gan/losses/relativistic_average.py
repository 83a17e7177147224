"""Relativistic average losses (Jolicoeur-Martineau, 2018)."""

from collections.abc import Callable
from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from gan.distributed.group import differentiable_mean_over_ranks
from gan.losses.adversarial import AdversarialLoss

__all__ = ["RelativisticAverage"]

COSTS: dict[str, Callable[[Tensor], Tensor]] = {
    "logistic": lambda margin: F.softplus(-margin),
    "least_squares": lambda margin: (margin - 1).square(),
    "hinge": lambda margin: F.relu(1 - margin),
}


class RelativisticAverage(AdversarialLoss):
    r"""Loss of how much more real an image is than the average image of the other kind (RaGAN).

    .. math::
        L_D = E_x[f(C(x) - E_z C(G(z)))] + E_z[f(E_x C(x) - C(G(z)))], \quad
        L_G = E_z[f(C(G(z)) - E_x C(x))] + E_x[f(E_z C(G(z)) - C(x))]

    The averages are over the batch of all ranks. The sums are the paper's; the author's code halves them.

    Args:
        cost: f, the cost of a margin m: ``logistic`` is softplus(-m) (RaSGAN), ``least_squares`` (m - 1)^2
            (RaLSGAN), and ``hinge`` max(0, 1 - m) (RaHingeGAN).
    """

    pairs_real = True
    couples_batch = True

    def __init__(self, cost: Literal["logistic", "least_squares", "hinge"] = "logistic") -> None:
        super().__init__()
        self.cost = cost

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        cost = COSTS[self.cost]
        mean_real, mean_fake = (differentiable_mean_over_ranks(logits.mean()) for logits in (real, fake))
        return cost(real - mean_fake).mean() + cost(mean_real - fake).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        if real is None:
            raise ValueError("the relativistic generator loss needs the real logits")
        return self.discriminator(fake, real)  # the roles are swapped
