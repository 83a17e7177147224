"""Adversarial losses as functions of logits; D minimises ``discriminator``, G minimises ``generator``."""

from abc import ABC, abstractmethod
from math import log

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.bounds import Probability
from gan.losses.part import LossPart
from gan.types import Terms

__all__ = [
    "AdversarialLoss",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Relativistic",
    "Wasserstein",
]


class AdversarialLoss(LossPart, ABC):
    """Losses of the discriminator and the generator.

    Attributes:
        labelled: Whether real and fake images have target labels, which can be smoothed and flipped.
        pairs_real: Whether the generator's loss depends on the real logits.
        energy_based: Whether minus the logits must be energies, which are at least 0, such as reconstruction errors.
    """

    labelled: bool = False
    pairs_real: bool = False
    energy_based: bool = False

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's loss, a scalar, from logits with shape (B, ...)."""

    @abstractmethod
    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Return the generator's loss, a scalar, from logits with shape (B, ...)."""

    def boundary(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the logit above which an image counts as classified real.

        The default is half-way between the mean logits, for critics that are defined up to a constant.
        """
        return (real.mean() + fake.mean()) / 2

    def measures(self, real: Tensor, fake: Tensor) -> Terms:
        """Return named estimates of the distance between real and fake; empty by default."""
        return {}


class Minimax(AdversarialLoss):
    r"""Minimax (saturating) loss (Goodfellow et al., 2014, Eq. 1): both players share the value V(D, G).

    .. math:: \min_G \max_D V(D, G) = E_x[\log D(x)] + E_z[\log(1 - D(G(z)))], \quad D = \sigma(\text{logit})

    Args:
        real_label: D's target for real images; 0.9 is one-sided label smoothing (Salimans et al., 2016, Section 3.4).
        fake_label: D's target for fake images; 0.1 with real_label 0.9 is two-sided smoothing.

    Raises:
        ValueError: If fake_label is not below real_label.
    """

    labelled = True

    def __init__(self, real_label: Probability = 1.0, fake_label: Probability = 0.0) -> None:
        if fake_label >= real_label:
            raise ValueError(f"fake_label={fake_label} must be below real_label={real_label}")
        super().__init__()
        self.real_label, self.fake_label = real_label, fake_label

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        on_real = F.binary_cross_entropy_with_logits(real, torch.full_like(real, self.real_label))
        on_fake = F.binary_cross_entropy_with_logits(fake, torch.full_like(fake, self.fake_label))
        return on_real + on_fake

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Return V(D, G); without the real logits, the part of it that depends on the fakes."""
        on_fake = -F.softplus(fake).mean()  # log(1 - D) = -softplus(logit)
        return on_fake if real is None else on_fake - F.softplus(-real).mean()

    def boundary(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.new_zeros(())

    def measures(self, real: Tensor, fake: Tensor) -> Terms:
        """Return V(D, G), and the Jensen-Shannon divergence that it implies, in nats.

        V is -log 4 + 2 JS for the optimal D (Goodfellow et al., 2014, Theorem 1) and lower for any other D, so ``js``
        is a lower bound.
        """
        value = -F.softplus(-real).mean() - F.softplus(fake).mean()
        return {"value": value, "js": (value + log(4)) / 2}


class NonSaturating(Minimax):
    """Non-saturating loss: G maximises log D(G(z)), which has larger gradients early on (Goodfellow et al., 2014)."""

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return F.softplus(-fake).mean()


class LeastSquares(AdversarialLoss):
    """Least-squares loss (LSGAN; Mao et al., 2017, Eq. 9).

    Both players' terms are halved, as in the paper. CycleGAN's authors halve D's alone: G's gradients are twice as
    large there, next to its other terms.

    Args:
        real_label: D's target b for real images.
        fake_label: D's target a for fake images.
        wanted_label: G's target c for fake images.

    Raises:
        ValueError: If fake_label is not below real_label.
    """

    labelled = True

    def __init__(self, real_label: float = 1.0, fake_label: float = 0.0, wanted_label: float = 1.0) -> None:
        if fake_label >= real_label:
            raise ValueError(f"fake_label={fake_label} must be below real_label={real_label}")
        super().__init__()
        self.real_label, self.fake_label, self.wanted_label = real_label, fake_label, wanted_label

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return ((real - self.real_label).square().mean() + (fake - self.fake_label).square().mean()) / 2

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return (fake - self.wanted_label).square().mean() / 2

    def boundary(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.new_tensor((self.real_label + self.fake_label) / 2)


class Hinge(AdversarialLoss):
    """Hinge loss: margins of one for D, the raw logit for G (Lim and Ye, 2017; Miyato et al., 2018, Eqs. 16, 17)."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake.mean()

    def boundary(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.new_zeros(())


class Wasserstein(AdversarialLoss):
    """Wasserstein loss: the difference of the critic's means (Arjovsky et al., 2017, Algorithm 1)."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake.mean() - real.mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Return the estimate of the distance; without the real logits, the part of it that depends on the fakes."""
        return -fake.mean() if real is None else real.mean() - fake.mean()

    def measures(self, real: Tensor, fake: Tensor) -> Terms:
        """Return the critic's estimate of the distance, up to its Lipschitz constant (Arjovsky et al., 2017, Eq. 3)."""
        return {"wasserstein": real.mean() - fake.mean()}


class Relativistic(AdversarialLoss):
    """Relativistic pairing loss (Jolicoeur-Martineau, 2018; Huang et al., 2024, Eq. 2, with f = softplus).

    G's step uses the real images of D's last step; R3GAN's authors load new ones.
    """

    pairs_real = True

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(fake - real).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        if real is None:
            raise ValueError("the relativistic generator loss needs the real logits")
        return F.softplus(real - fake).mean()
