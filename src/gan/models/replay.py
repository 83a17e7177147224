"""Replay of earlier fakes to the discriminator (Shrivastava et al., 2017, Section 2.3)."""

import torch
from torch import Tensor, nn

from gan.bounds import Count, Fraction
from gan.distributed.group import gather_tensor
from gan.keyed_random import KeyedRandom

__all__ = ["Replay"]


class Replay(nn.Module):
    """Pool of earlier fakes; the discriminator sees each fake, or with probability ``share`` one of the pool instead.

    A fake that is replaced takes its substitute's place in the pool. While the pool fills up, all fakes are shown as
    they are. The pool is the same on all ranks, does not depend on how a batch is split over ranks and parts, and is
    saved with the weights.

    Args:
        size: Number of fakes in the pool; 50 in CycleGAN (Zhu et al., 2017, Section 4).
        share: Probability of a substitute.

    Attributes:
        pool: The fakes, with shape (size, C, H, W); empty before the first step.
        count: Number of fakes in the pool.
    """

    pool: Tensor
    count: Tensor

    def __init__(self, size: Count = 50, share: Fraction = 0.5) -> None:
        super().__init__()
        self.size, self.share = size, share
        self.register_buffer("pool", torch.empty(0))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))
        self._pending: list[tuple[Tensor, Tensor, Tensor]] = []

    @torch.no_grad()
    def forward(self, fake: Tensor, rng: KeyedRandom) -> Tensor:
        """Return the fakes to show, with shape (B, C, H, W); the pool changes at ``after_step``."""
        if not len(self.pool):
            self.pool = fake.new_zeros(self.size, *fake.shape[1:])
        slots, replaced = (rng.uniform() * self.size).long(), rng.uniform() < self.share
        self._pending.append((fake, slots, replaced))
        shown = replaced & (self.count == self.size)
        return torch.where(shown.view(-1, *[1] * (fake.dim() - 1)), self.pool[slots], fake)

    @torch.no_grad()
    def after_step(self) -> None:
        """Move the step's fakes of all ranks into the pool."""
        fakes, slots, replaced = (gather_tensor(torch.cat(x)) for x in zip(*self._pending, strict=True))
        self._pending = []
        if (free := self.size - int(self.count)) > 0:
            taken = min(free, len(fakes))
            self.pool[self.size - free :][:taken] = fakes[:taken]
            self.count += taken
            return
        for row in replaced.nonzero().flatten().tolist():  # in order, as several may have one slot
            self.pool[slots[row]] = fakes[row]

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: object) -> None:
        """Give the pool the saved shape before it is loaded."""
        if (saved := state_dict.get(f"{prefix}pool")) is not None and saved.shape != self.pool.shape:
            self.pool = saved.new_zeros(saved.shape, device=self.pool.device)
        super()._load_from_state_dict(state_dict, prefix, *args)
