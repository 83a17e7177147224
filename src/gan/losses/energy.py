"""Losses of discriminators that are autoencoders: an image's energy is its reconstruction error (EBGAN, BEGAN)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.bounds import Positive, Share
from gan.distributed.group import mean_over_ranks
from gan.losses.adversarial import AdversarialLoss
from gan.types import Player, Terms

__all__ = ["BEGAN", "EBGAN"]


class EnergyLoss(AdversarialLoss):
    """Base class of losses of energies, which are minus the logits and at least 0; G lowers the fakes' energy."""

    energy_based = True

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        return -fake.mean()

    def measures(self, real: Tensor, fake: Tensor) -> Terms:
        """Return the mean energies."""
        return {"energy_real": -real.mean(), "energy_fake": -fake.mean()}


class EBGAN(EnergyLoss):
    r"""Energy-based GAN: fakes should have an energy of at least a margin (Zhao et al., 2017, Eqs. 1 and 2).

    .. math:: L_D = E_x[D(x)] + E_z[\max(0, m - D(G(z)))], \quad L_G = E_z[D(G(z))]

    Args:
        margin: m, in units of the discriminator's energy.
    """

    def __init__(self, margin: Positive = 1.0) -> None:
        super().__init__()
        self.margin = margin

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return -real.mean() + F.relu(self.margin + fake).mean()


class BEGAN(EnergyLoss):
    r"""Boundary equilibrium GAN (Berthelot et al., 2017, Section 3.4): a control variable balances the players.

    .. math::
        L_D = D(x) - k D(G(z)), \quad L_G = D(G(z)), \quad k \leftarrow k + λ (γ D(x) - D(G(z))), \quad 0 \le k \le 1

    k follows the energies of D's step, as in the usual implementations. The measure ``convergence`` is the paper's
    M = D(x) + |γ D(x) - D(G(z))|, which falls as training converges.

    Args:
        diversity: γ, the ratio of the energies of fake and real images at the equilibrium; lower values favour quality.
        rate: λ, the rate of k.

    Attributes:
        k: Weight of the fakes' energy in D's loss, a scalar, initially 0.
    """

    k: Tensor

    def __init__(self, diversity: Share = 0.5, rate: Positive = 1e-3) -> None:
        super().__init__()
        self.diversity, self.rate = diversity, rate
        self.register_buffer("k", torch.zeros(()))

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return self.k * fake.mean() - real.mean()

    def measures(self, real: Tensor, fake: Tensor) -> Terms:
        """Return the mean energies, k, and the convergence measure of the batch of all ranks."""
        energies = super().measures(real, fake)
        energy, excess = mean_over_ranks(torch.stack([energies["energy_real"], self._excess(energies)]))
        return energies | {"convergence": energy + excess.abs(), "k": self.k.clone()}

    def after_step(self, player: Player, values: Terms) -> None:
        """Move k towards the balance after a step of the discriminator."""
        if player == "discriminator":
            self.k.add_(self.rate * self._excess(values)).clamp_(0, 1)

    def _excess(self, energies: Terms) -> Tensor:
        return self.diversity * energies["energy_real"] - energies["energy_fake"]
