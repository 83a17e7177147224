"""Matching-aware gradient penalty on real images and their sentences (DF-GAN; Tao et al., 2022)."""

import torch
from torch import Tensor

from gan.bounds import Exponent, PositiveInt, Weight
from gan.losses.regularizers import Regularizer
from gan.schedules.base import Schedule
from gan.types import DiscriminatorPass

__all__ = ["MatchingGradientPenalty"]


class MatchingGradientPenalty(Regularizer):
    r"""Power of the gradient norm by the image and its sentence's vector, at real images that match (Eq. 3).

    .. math:: E[(\|\nabla_x D(x, e)\| + \|\nabla_e D(x, e)\|)^p]

    As in the authors' code, the norm is that of both gradients together. A discriminator without sentences is
    differentiated by the image alone.

    Args:
        weight: k in the paper.
        power: p.
        every: Discriminator steps per application.
        schedule: Factor of the weight as a function of discriminator steps.
    """

    wrt = "real"

    def __init__(
        self, weight: Weight = 2.0, power: Exponent = 6, every: PositiveInt = 1, schedule: Schedule | None = None
    ) -> None:
        super().__init__(weight, every, schedule)
        self.power = power

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        images, output = d_pass.real, d_pass.real_output
        if output is None or "real" not in d_pass.double_backward:
            images = images.float().clone().requires_grad_()
            output = d_pass.critic(images)
        sentence: Tensor | None = getattr(output, "sentence", None)
        inputs = [images] if sentence is None else [images, sentence]
        gradients = torch.autograd.grad(output.logits.sum(), inputs, create_graph=True)
        square = torch.cat([gradient.flatten(1) for gradient in gradients], 1).square().sum(1)
        return (square + 1e-12).pow(self.power / 2).mean()
