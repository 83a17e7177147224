"""Regularisers of the discriminator, mostly gradient penalties.

Penalties are computed in float32 at every precision: rounding errors of half precision would inflate gradient norms.
"""

from abc import ABC, abstractmethod
from contextlib import nullcontext
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan.bounds import NonNegative, PositiveInt, Weight
from gan.distributed.group import std_over_ranks
from gan.errors import UserError
from gan.losses.part import LossPart
from gan.schedules.base import Schedule
from gan.types import DiscriminatorOutput, DiscriminatorPass, RealOrFake

__all__ = ["DRAGAN", "R1", "R2", "Drift", "GradientPenalty", "Regularizer"]


class Regularizer(LossPart, ABC):
    """A weighted term of a player's loss.

    Args:
        weight: Factor of the penalty.
        every: Apply the penalty at every n-th update of the player, with n times the weight, which keeps the mean over
            updates (lazy regularisation; Karras et al., 2020, Section 3.1). It joins that update's loss; the authors
            take a step of its own, and correct Adam's settings for it.
        schedule: Factor of the weight as a function of the player's updates; None for a constant weight.

    Attributes:
        wrt: Kind of images with respect to which the penalty differentiates D's existing output; None if the penalty
            does not differentiate it, or runs D on its own images.
        needs_discriminator: Whether a generator's regulariser takes a DiscriminatorPass; otherwise it takes a
            GeneratorPass, and also applies in phases without a discriminator.
        needs_real: Whether a generator's regulariser uses the discriminator's output on real images.
        in_float32: Whether the penalty is computed in float32 at every precision, as gradients of gradients must be.
    """

    wrt: ClassVar[RealOrFake | None] = None
    needs_discriminator: ClassVar[bool] = True
    needs_real: ClassVar[bool] = False
    in_float32: ClassVar[bool] = True

    def __init__(self, weight: Weight, every: PositiveInt = 1, schedule: Schedule | None = None) -> None:
        super().__init__()
        self.weight, self.every, self.schedule = weight, every, schedule

    def is_due(self, step: int) -> bool:
        """Return whether the penalty is applied at one of the player's steps; a factor of zero saves its cost."""
        return step % self.every == 0 and self._factor(step) != 0

    def forward(self, gan_pass: Any) -> Tensor:
        """Return the weighted penalty of a pass, a scalar with a graph to the player's parameters."""
        weight = self.weight_of(gan_pass) * self.every * self._factor(gan_pass.step)
        device = gan_pass.batch.real.device.type
        with torch.autocast(device, enabled=False) if self.in_float32 else nullcontext():
            return weight * self.penalty(gan_pass).float()

    def weight_of(self, gan_pass: Any) -> float:
        """Return the weight of a pass, before ``every`` and ``schedule``."""
        return self.weight

    @abstractmethod
    def penalty(self, gan_pass: Any) -> Tensor:
        """Return the unweighted penalty, a scalar, from a DiscriminatorPass or GeneratorPass.

        Measures to log go into ``gan_pass.measures``.
        """

    def _factor(self, step: int) -> float:
        return 1.0 if self.schedule is None else self.schedule(step)


def input_gradient(d_pass: DiscriminatorPass, images: Tensor, output: DiscriminatorOutput | None = None) -> Tensor:
    """Return the gradient of each image's logit with respect to the image, with shape (B, C * H * W).

    The result is differentiable with respect to D's parameters, and to the inputs of the images: an unrolled generator
    differentiates through D's next steps. In those, D's weights depend on the images too; taking the gradient with
    respect to a copy of the images excludes that path.

    Args:
        d_pass: The pass that the critic is taken from.
        images: With shape (B, C, H, W).
        output: Output on these images that can be differentiated twice; saves a forward pass.
    """
    if output is None:
        images = images.float().clone().requires_grad_()
        output = d_pass.critic(images)
    (gradient,) = torch.autograd.grad(output.logits.sum(), images, create_graph=True)
    return gradient.flatten(1)


def norm_penalty(gradient: Tensor, target: float, one_sided: bool = False) -> Tensor:
    """Return the mean squared distance of the rows' norms from a target; one-sided ignores norms below it."""
    excess = (gradient.square().sum(1) + 1e-12).sqrt() - target  # epsilon: the gradient of a norm is NaN at zero
    return (excess.relu() if one_sided else excess).square().mean()


class GradientPenalty(Regularizer):
    """Gradient norm of one on lines between real and fake images (WGAN-GP; Gulrajani et al., 2017, Eq. 3).

    Args:
        weight: λ in the paper.
        every: Discriminator steps per application.
        one_sided: Penalise only norms above the target (Section 4 of the paper; Petzka et al., 2018, Eq. 8).
        target: Target norm.
        schedule: Factor of the weight as a function of discriminator steps.
    """

    def __init__(
        self,
        weight: Weight = 10.0,
        every: PositiveInt = 1,
        one_sided: bool = False,
        target: NonNegative = 1.0,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(weight, every, schedule)
        self.one_sided, self.target = one_sided, target

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        mix = d_pass.rng.uniform(*[1] * (d_pass.real.dim() - 1))
        interpolated = torch.lerp(d_pass.fake.float(), d_pass.real.float(), mix)
        return norm_penalty(input_gradient(d_pass, interpolated), self.target, self.one_sided)


class R1(Regularizer):
    """Half the squared gradient norm on real images (Mescheder et al., 2018, Eq. 9); ``weight`` is γ.

    The gradient is with respect to the images as D sees them, which are augmented. R3GAN's authors differentiate with
    respect to the images before augmentation: their γ does not carry over.

    Args:
        weight: γ; None for 0.0002 H W / N, the heuristic of StyleGAN2-ADA (Karras et al., 2020), for images of H x W
            pixels and a batch of N on all devices together. It is then logged as the measure ``r1_weight``.
        every: Discriminator steps per application.
        schedule: Factor of the weight as a function of discriminator steps.
    """

    wrt = "real"

    def __init__(self, weight: Weight | None = None, every: PositiveInt = 1, schedule: Schedule | None = None) -> None:
        super().__init__(0.0 if weight is None else weight, every, schedule)
        self.finds_weight = weight is None

    def weight_of(self, d_pass: DiscriminatorPass) -> float:
        """Return γ.

        Raises:
            UserError: If it is to follow from the size of images, and there are none.
        """
        if not self.finds_weight:
            return self.weight
        if d_pass.real.dim() != 4:
            raise UserError("loss.regularizers.r1.weight=null follows from the size of images: set it for other data")
        height, width = d_pass.real.shape[2:]
        images = d_pass.rng.total * d_pass.batch.size // len(d_pass.rng)  # rng has a row per pack
        weight = 0.0002 * height * width / images
        d_pass.measures["r1_weight"] = d_pass.real.new_full((), weight)
        return weight

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        output = d_pass.real_output if self.wrt in d_pass.double_backward else None
        return input_gradient(d_pass, d_pass.real, output).square().sum(1).mean() / 2


class R2(Regularizer):
    """Half the squared gradient norm on fake images (Mescheder et al., 2018, Eq. 10); ``weight`` is γ. See R1."""

    wrt = "fake"

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        output = d_pass.fake_output if self.wrt in d_pass.double_backward else None
        return input_gradient(d_pass, d_pass.fake, output).square().sum(1).mean() / 2


class DRAGAN(Regularizer):
    """Gradient norm of one around real images (Kodali et al., 2017, Section 2.3).

    The perturbation is that of the authors' code.

    Args:
        weight: λ in the paper.
        every: Discriminator steps per application.
        spread: Size of the perturbation in standard deviations of the batch's pixels.
        schedule: Factor of the weight as a function of discriminator steps.
    """

    def __init__(
        self, weight: Weight = 10.0, every: PositiveInt = 1, spread: NonNegative = 0.5, schedule: Schedule | None = None
    ) -> None:
        super().__init__(weight, every, schedule)
        self.spread = spread

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        real = d_pass.real.float()
        noise = self.spread * std_over_ranks(real) * d_pass.rng.uniform(*real.shape[1:])
        mix = d_pass.rng.uniform(*[1] * (real.dim() - 1))
        return norm_penalty(input_gradient(d_pass, real + mix * noise), target=1.0)


class Drift(Regularizer):
    """Squared logits of real images, for losses defined up to a constant (Karras et al., 2018, A.1); weight ε."""

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        assert d_pass.real_output is not None, "the discriminator's step needs an output on real images"
        return d_pass.real_output.logits.float().square().mean()
