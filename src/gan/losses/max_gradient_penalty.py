"""Penalty of the largest gradient norm (Lipschitz GAN; Zhou et al., 2019)."""

import torch
from torch import Tensor

from gan.distributed.group import differentiable_gather
from gan.losses.regularizers import Regularizer, input_gradient
from gan.types import DiscriminatorPass

__all__ = ["MaxGradientPenalty"]


class MaxGradientPenalty(Regularizer):
    r"""Largest squared gradient norm on lines between real and fake images (Zhou et al., 2019).

    .. math:: \max_{\hat x} \|\nabla D(\hat x)\|_2^2

    The maximum is over the batch of all ranks.

    Args:
        weight: λ in the paper.
        every: Discriminator steps per application.
        schedule: Factor of the weight as a function of discriminator steps.
    """

    couples_batch = True

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        mix = d_pass.rng.uniform(*[1] * (d_pass.real.dim() - 1))
        interpolated = torch.lerp(d_pass.fake.float(), d_pass.real.float(), mix)
        return differentiable_gather(input_gradient(d_pass, interpolated).square().sum(1)).max()
