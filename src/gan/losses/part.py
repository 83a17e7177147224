"""Base class of the parts of an objective: losses and regularisers, which may have a state."""

from typing import ClassVar

import torch
from torch import nn

from gan.distributed.group import mean_over_ranks
from gan.types import Player, Terms

__all__ = ["LossPart", "tell_parts"]


class LossPart(nn.Module):
    """A loss or regulariser. Its state, if any, consists of buffers, which are saved and resumed with the networks.

    Attributes:
        couples_batch: Whether its value depends on a batch as a whole, beyond a mean over images; such a batch cannot
            be accumulated from parts.
    """

    couples_batch: ClassVar[bool] = False

    def prepare(self, device: torch.device) -> None:
        """Load what training needs but samples do not, as training starts; by default there is nothing.

        Args:
            device: Device of the model.

        Raises:
            UserError: If it is missing.
        """

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


@torch.no_grad()
def tell_parts(objective: nn.Module, player: Player, log: Terms) -> None:
    """Tell the parts of an objective that have a state of a player's step, once per step.

    Args:
        objective: The objective.
        player: The player.
        log: Terms and measures of this rank's batch, by their logged names.
    """
    stateful = [part for part in objective.modules() if isinstance(part, LossPart) and part.is_stateful]
    if not stateful:
        return
    names = [name for name in log if name.startswith(f"{player[0]}/")]
    means = mean_over_ranks(torch.stack([log[name].float() for name in names]))
    values = {name[2:]: value for name, value in zip(names, means, strict=True)}
    for part in stateful:
        part.after_step(player, values)
