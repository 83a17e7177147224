"""LeCam regularisation (Tseng et al., 2021)."""

import torch
from torch import Tensor

from gan.bounds import Decay, NonNegativeInt, PositiveInt, Weight
from gan.losses.regularizers import Regularizer
from gan.schedules.base import Schedule
from gan.types import DiscriminatorPass, Player, Terms

__all__ = ["LeCam"]


class LeCam(Regularizer):
    r"""Squared distance of D's predictions from their moving averages on the other kind of images, for little data.

    .. math:: E_x[\max(0, D(x) - α_F)^2] + E_z[\max(0, α_R - D(G(z)))^2]

    The maxima are those of the authors' code; the formula in the paper has none. The averages are of the logits' means
    over the batch of all ranks, up to the previous application.

    Args:
        weight: λ in the paper.
        every: Discriminator steps per application.
        decay: Weight of the previous averages.
        start: Discriminator steps before the first penalty. Until then, the averages are those of the latest step.
        schedule: Factor of the weight as a function of discriminator steps.

    Attributes:
        real: Moving average α_R of the logits of real images, a scalar.
        fake: Moving average α_F of the logits of fake images, a scalar.
        steps: Discriminator steps so far, a scalar.
    """

    real: Tensor
    fake: Tensor
    steps: Tensor

    def __init__(
        self,
        weight: Weight = 0.1,
        every: PositiveInt = 1,
        decay: Decay = 0.99,
        start: NonNegativeInt = 1000,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(weight, every, schedule)
        self.decay, self.start = decay, start
        for name in ("real", "fake"):
            self.register_buffer(name, torch.zeros(()))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        assert d_pass.real_output is not None, "the discriminator's step needs an output on real images"
        real, fake = d_pass.real_output.logits.float(), d_pass.fake_output.logits.float()
        d_pass.measures.update(lecam_real=real.detach().mean(), lecam_fake=fake.detach().mean())
        distances = (real - self.fake).relu().square().mean() + (self.real - fake).relu().square().mean()
        return distances * (self.steps >= self.start)  # a tensor, which needs no wait for the device

    def after_step(self, player: Player, values: Terms) -> None:
        """Average in the logits of the discriminator's step, if it had the penalty."""
        if player == "discriminator" and "lecam_real" in values:
            weight = 1 - self.decay * (self.steps >= self.start)
            self.real.lerp_(values["lecam_real"], weight)
            self.fake.lerp_(values["lecam_fake"], weight)
            self.steps += self.every
