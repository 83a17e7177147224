"""Base class of the parts of an objective: losses and regularisers, which may have a state."""

from typing import ClassVar

from torch import nn

from gan.types import Player, Terms

__all__ = ["LossPart"]


class LossPart(nn.Module):
    """A loss or regulariser. Its state, if any, consists of buffers, which are saved and resumed with the networks.

    Attributes:
        couples_batch: Whether its value depends on a batch as a whole, beyond a mean over images; such a batch cannot
            be accumulated from parts.
    """

    couples_batch: ClassVar[bool] = False

    def after_step(self, player: Player, values: Terms) -> None:
        """Update the state after a player's step; by default there is none.

        This is called once per step, whatever the number of ranks and of parts of a batch.

        Args:
            player: The player that was updated.
            values: All terms and measures of the step by name, averaged over the batch of all ranks.
        """

    @property
    def is_stateful(self) -> bool:
        """Whether the class overrides ``after_step``."""
        return type(self).after_step is not LossPart.after_step
