"""Densities on the line, and the value of the game between two of them by quadrature."""

from dataclasses import dataclass
from math import log, pi

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["LINE", "Mixture", "integrate", "jensen_shannon", "optimal_logit", "value"]

LINE = torch.linspace(-12, 12, 4801, dtype=torch.float64)
"""Points of the quadrature; the densities of the course vanish outside."""


@dataclass(frozen=True)
class Mixture:
    """Mixture of Gaussians on the line.

    Attributes:
        weights: Weight of each Gaussian; they sum to one.
        means: Mean of each Gaussian.
        stds: Standard deviation of each Gaussian.
    """

    weights: tuple[float, ...]
    means: tuple[float, ...]
    stds: tuple[float, ...]

    def shifted(self, distance: float) -> "Mixture":
        """Return the mixture, moved to the right."""
        return Mixture(self.weights, tuple(mean + distance for mean in self.means), self.stds)

    def log_density(self, x: Tensor) -> Tensor:
        """Return the logarithm of the density at points of any shape."""
        terms = [
            log(weight) - log(std) - log(2 * pi) / 2 - ((x - mean) / std).square() / 2
            for weight, mean, std in zip(self.weights, self.means, self.stds, strict=True)
        ]
        return torch.stack(terms).logsumexp(0)

    def density(self, x: Tensor) -> Tensor:
        """Return the density at points of any shape."""
        return self.log_density(x).exp()

    def sample(self, num: int, generator: torch.Generator) -> Tensor:
        """Draw points, float32 with shape (num,)."""
        which = torch.multinomial(torch.tensor(self.weights), num, replacement=True, generator=generator)
        noise = torch.randn(num, generator=generator)
        return torch.tensor(self.means)[which] + torch.tensor(self.stds)[which] * noise


def integrate(values: Tensor) -> float:
    """Integrate a function that is given at the points of LINE, by the trapezoidal rule."""
    return float(torch.trapezoid(values, LINE))


def optimal_logit(real: Mixture, fake: Mixture, x: Tensor) -> Tensor:
    """Return the logit of the optimal discriminator, which is the log of the density ratio p_r / p_g."""
    return real.log_density(x) - fake.log_density(x)


def jensen_shannon(real: Mixture, fake: Mixture) -> float:
    """Return the Jensen-Shannon divergence in nats, as the mean of two Kullback-Leibler divergences."""
    logs = [real.log_density(LINE), fake.log_density(LINE)]
    middle = torch.stack(logs).logsumexp(0) - log(2)
    return sum(integrate(density.exp() * (density - middle)) for density in logs) / 2


def value(logit: Tensor, real: Mixture, fake: Mixture) -> float:
    """Return V(D, G) in nats for a discriminator's logits at the points of LINE."""
    return -integrate(real.density(LINE) * F.softplus(-logit)) - integrate(fake.density(LINE) * F.softplus(logit))
