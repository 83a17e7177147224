"""Top-k training of the generator (Sinha et al., 2020)."""

from torch import Tensor

from gan.bounds import PositiveInt, Share
from gan.distributed.group import differentiable_gather
from gan.losses.part import LossPart

__all__ = ["TopK"]


class TopK(LossPart):
    """Selection of the fakes that D scores highest; only these reach the generator's loss (Sinha et al., 2020).

    The selection is from the batch of all ranks. The number of fakes is ``share`` of the batch; early in training, when
    D's scores say little, it is larger: the share starts at 1 and is multiplied by ``decay`` every few updates.

    Args:
        share: ν, the final share of fakes that are kept.
        decay: γ, the factor of the share per ``every`` generator updates.
        every: Generator updates per decay; an epoch in the paper.
    """

    couples_batch = True

    def __init__(self, share: Share = 0.5, decay: Share = 0.99, every: PositiveInt = 60) -> None:
        super().__init__()
        self.share, self.decay, self.every = share, decay, every

    def number(self, size: int, step: int) -> int:
        """Return the number of fakes of a batch that are kept at a generator update; at least one."""
        return max(1, int(max(self.share, self.decay ** (step // self.every)) * size))

    def forward(self, fake: Tensor, real: Tensor | None, step: int) -> tuple[Tensor, Tensor | None]:
        """Return the highest logits of fakes of all ranks, and the real logits of the same rows.

        Args:
            fake: Logits of this rank's fakes, with shape (B, ...); fakes with several are compared by their mean.
            real: Logits of its real images; None if the loss does not need them.
            step: Number of the generator's update.
        """
        fake = differentiable_gather(fake)
        rows = fake.detach().flatten(1).mean(1) if fake.dim() > 1 else fake.detach()
        best = rows.topk(self.number(len(rows), step)).indices
        return fake[best], None if real is None else differentiable_gather(real)[best]
