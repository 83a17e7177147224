"""Penalties on the discriminator, of its gradient mostly, in float32 whatever the precision of the rest.

What half precision rounds off would add to a gradient's norm.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from gan.distributed.group import std_over_ranks
from gan.schedules import Schedule
from gan.types import DiscriminatorOutput, DiscriminatorPass, RealOrFake

__all__ = ["DRAGAN", "R1", "R2", "Drift", "GradientPenalty", "Regularizer"]


class Regularizer(ABC):
    """A weighted term of the discriminator's loss.

    Args:
        weight: The factor of the penalty.
        every: Discriminator steps between two uses; the weight is multiplied by it, so that the mean over steps
            stays (lazy regularisation; Karras et al., 2020, Section 3.1).
        schedule: A factor of the weight at each discriminator step; None leaves it as it is.

    Attributes:
        wrt: The images that it differentiates the verdict on by, real or fake; None where it judges images of its own.

    Raises:
        ValueError: If the weight is negative or ``every`` is below one.
    """

    wrt: RealOrFake | None = None

    def __init__(self, weight: float, every: int = 1, schedule: Schedule | None = None) -> None:
        if weight < 0 or every < 1:
            raise ValueError(f"weight must be at least 0 and every at least 1, not {weight} and {every}")
        self.weight, self.every, self.schedule = weight, every, schedule

    def __call__(self, d_pass: DiscriminatorPass, step: int = 0) -> Tensor:
        """Return the weighted penalty at a step, a scalar with a graph to the discriminator's parameters."""
        weight = self.weight * self.every * (self.schedule(step) if self.schedule is not None else 1)
        with torch.autocast(d_pass.real.device.type, enabled=False):
            return weight * self.penalty(d_pass)

    @abstractmethod
    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        """Return the penalty before its weight, a scalar."""


def input_gradient(d_pass: DiscriminatorPass, images: Tensor, verdict: DiscriminatorOutput | None = None) -> Tensor:
    """Return the gradient of each image's logit by the image, differentiable, with shape (B, C * H * W).

    It is so by what made the images, too: a generator may look through it at how the discriminator will move. Then the
    discriminator's weights depend on the images, which a copy of them keeps out of the gradient. A verdict that can be
    differentiated by the images saves the discriminator another pass over them.
    """
    if verdict is None:
        images = images.float().clone().requires_grad_()
        verdict = d_pass.critic(images)
    (gradient,) = torch.autograd.grad(verdict.logits.sum(), images, create_graph=True)
    return gradient.flatten(1)


def norm_penalty(gradient: Tensor, target: float, one_sided: bool = False) -> Tensor:
    """Return the mean squared distance of the rows' norms from a target; only norms above it where one-sided."""
    excess = (gradient.square().sum(1) + 1e-12).sqrt() - target  # a norm's own gradient is NaN at zero
    return (excess.relu() if one_sided else excess).square().mean()


class GradientPenalty(Regularizer):
    """Norm one on lines between real and fake (WGAN-GP; Gulrajani et al., 2017, Eq. 3).

    Args:
        weight: λ in the paper.
        every: Discriminator steps between two uses.
        one_sided: Penalise only norms above the target (Section 4 there; Petzka et al., 2018, Eq. 8).
        target: The wanted norm.
        schedule: A factor of the weight at each discriminator step.
    """

    def __init__(
        self,
        weight: float = 10.0,
        every: int = 1,
        one_sided: bool = False,
        target: float = 1.0,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(weight, every, schedule)
        self.one_sided, self.target = one_sided, target

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        mix = d_pass.rng.uniform(*[1] * (d_pass.real.dim() - 1))
        between = torch.lerp(d_pass.fake.float(), d_pass.real.float(), mix)
        return norm_penalty(input_gradient(d_pass, between), self.target, self.one_sided)


class R1(Regularizer):
    """Half the squared gradient on real images (Mescheder et al., 2018, Eq. 9); ``weight`` is γ."""

    wrt = "real"

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        verdict = d_pass.real_output if self.wrt in d_pass.double_backward else None
        return input_gradient(d_pass, d_pass.real, verdict).square().sum(1).mean() / 2


class R2(Regularizer):
    """Half the squared gradient on fake images (Mescheder et al., 2018, Eq. 10); ``weight`` is γ."""

    wrt = "fake"

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        verdict = d_pass.fake_output if self.wrt in d_pass.double_backward else None
        return input_gradient(d_pass, d_pass.fake, verdict).square().sum(1).mean() / 2


class DRAGAN(Regularizer):
    """Norm one around real images (Kodali et al., 2017, Section 2.3, with the perturbation of the authors' code).

    Args:
        weight: λ in the paper.
        every: Discriminator steps between two uses.
        spread: The perturbation's size in standard deviations of the batch's pixels.
        schedule: A factor of the weight at each discriminator step.
    """

    def __init__(
        self, weight: float = 10.0, every: int = 1, spread: float = 0.5, schedule: Schedule | None = None
    ) -> None:
        super().__init__(weight, every, schedule)
        self.spread = spread

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        real = d_pass.real.float()
        noise = self.spread * std_over_ranks(real) * d_pass.rng.uniform(*real.shape[1:])
        share = d_pass.rng.uniform(*[1] * (real.dim() - 1))
        return norm_penalty(input_gradient(d_pass, real + share * noise), target=1.0)


class Drift(Regularizer):
    """Squared logits of real images, for losses that leave a constant open (Karras et al., 2018, A.1); weight ε."""

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        assert d_pass.real_output is not None, "the discriminator's step needs a verdict on real images"
        return d_pass.real_output.logits.float().square().mean()
