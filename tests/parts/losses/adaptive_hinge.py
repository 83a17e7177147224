"""Hinge loss with a margin that follows the discriminator's logits."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.losses.adversarial import Hinge
from gan.types import Player, Terms

__all__ = ["AdaptiveHinge"]


class AdaptiveHinge(Hinge):
    """Hinge loss whose margin is a moving average of the distance between the mean logits of real and fake images.

    Args:
        decay: Weight of the previous margin.
    """

    margin: Tensor

    def __init__(self, decay: float = 0.9) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("margin", torch.ones(()))

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.relu(self.margin - real).mean() + F.relu(self.margin + fake).mean()

    def measures(self, real: Tensor, fake: Tensor) -> Terms:
        """Return the distance between mean logits, and the margin."""
        return {"distance": real.mean() - fake.mean(), "margin": self.margin.clone()}

    def after_step(self, player: Player, values: Terms) -> None:
        """Update the margin after the discriminator's steps."""
        if player == "discriminator":
            self.margin.lerp_(values["distance"].abs(), 1 - self.decay)
