"""Consistency of D's scores under augmentation (CR and bCR; Zhang et al., 2020; Zhao et al., 2021)."""

from torch import Tensor

from gan.augment.base import Augment
from gan.bounds import Factor, PositiveInt, Weight
from gan.losses.regularizers import Regularizer
from gan.schedules.base import Schedule
from gan.types import DiscriminatorOutput, DiscriminatorPass

__all__ = ["BalancedConsistency", "Consistency"]


class Consistency(Regularizer):
    r"""Squared change of a real image's score under augmentation (CR-GAN; Zhang et al., 2020).

    .. math:: E_x[(D(x) - D(T(x)))^2]

    T changes the images once more, after ``augment=...``. D runs once more on them; its batch norms, if any, see them
    too.

    Args:
        augment: T.
        weight: λ in the paper.
        every: Discriminator steps per application.
        schedule: Factor of the weight as a function of discriminator steps.
    """

    def __init__(
        self, augment: Augment, weight: Weight = 10.0, every: PositiveInt = 1, schedule: Schedule | None = None
    ) -> None:
        super().__init__(weight, every, schedule)
        self.augment = augment

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        assert d_pass.real_output is not None, "the discriminator's step needs an output on real images"
        return self._change(d_pass, d_pass.real, d_pass.real_output)

    def _change(self, d_pass: DiscriminatorPass, images: Tensor, output: DiscriminatorOutput) -> Tensor:
        changed = d_pass.critic(self.augment(images, d_pass.rng))
        return (output.logits.float() - changed.logits).square().mean()


class BalancedConsistency(Consistency):
    r"""Consistency of the scores of real and fake images (bCR-GAN; Zhao et al., 2021, Algorithm 1).

    .. math:: E_x[(D(x) - D(T(x)))^2] + r E_z[(D(G(z)) - D(T(G(z))))^2]

    Args:
        augment: T.
        weight: λ_real in the paper.
        every: Discriminator steps per application.
        fake_ratio: r, λ_fake / λ_real.
        schedule: Factor of the weight as a function of discriminator steps.
    """

    def __init__(
        self,
        augment: Augment,
        weight: Weight = 10.0,
        every: PositiveInt = 1,
        fake_ratio: Factor = 1.0,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(augment, weight, every, schedule)
        self.fake_ratio = fake_ratio

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        of_fake = self._change(d_pass, d_pass.fake, d_pass.fake_output)
        return super().penalty(d_pass) + self.fake_ratio * of_fake
