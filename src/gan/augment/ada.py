"""ADA: augmentations as likely as it takes to keep D from learning its images by heart (Karras et al., 2020)."""

from collections.abc import Mapping

import torch
from torch import Tensor

from gan.augment.base import Augment
from gan.augment.pipeline import Change
from gan.distributed.group import mean_over_ranks
from gan.keyed_random import KeyedRandom
from gan.types import Terms

__all__ = ["Adaptive"]


class Adaptive(Augment):
    """Changes that each befall an image with probability p, which rises while D overfits and falls otherwise.

    D overfits where it tells real images too well: r = E[sign D(real)] (Karras et al., 2020, Eq. 1), over the steps
    since p last moved, with the sign taken from where the loss has its boundary between real and fake. Of r above the
    target p rises, else it falls, at a speed that takes it from 0 to 1 within some number of images. The changes do not
    show in what G makes as long as p stays below about 0.8 (Section 2.2 there).

    Args:
        image_size: Height and width of the images, in pixels.
        changes: Named kinds of changes, made one after the other; None entries are left out.
        target: r that p is driven by.
        images: Real images within which p can go from 0 to 1.
        interval: Discriminator steps between two moves of p.
        start: p at first.
        limit: Largest p.

    Raises:
        ValueError: If a number is out of its range, or the images are points.
    """

    probability: Tensor
    overfitting: Tensor
    pending: Tensor

    def __init__(
        self,
        image_size: int,
        changes: Mapping[str, Change | None],
        target: float = 0.6,
        images: int = 500_000,
        interval: int = 4,
        start: float = 0.0,
        limit: float = 1.0,
    ) -> None:
        super().__init__(image_size)
        if not 0 <= start <= limit <= 1:
            raise ValueError(f"start and limit must satisfy 0 <= start <= limit <= 1, not {start} and {limit}")
        if not -1 < target < 1:
            raise ValueError(f"target must be between -1 and 1, not {target}")
        if images < 1 or interval < 1:
            raise ValueError(f"images and interval must be at least 1, not {images} and {interval}")
        self.changes = [change for change in changes.values() if change is not None]
        self.target, self.images, self.interval, self.limit = target, images, interval, limit
        self.register_buffer("probability", torch.tensor(start))  # buffers: resumed, and broadcast, with the weights
        self.register_buffer("overfitting", torch.zeros(()))
        self.register_buffer("pending", torch.zeros(()))

    def change(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        for change in self.changes:
            images = change(images, rng, self.probability)
        return images

    @torch.no_grad()
    def observe(self, accuracy: Tensor, step: int, images: int) -> Terms:
        """Move p, where it is due; return p as ``augment_p``, and the r that moved it last as ``augment_r``."""
        self.pending += mean_over_ranks(2 * accuracy.float() - 1) / self.interval
        if step % self.interval == 0:
            self.overfitting.copy_(self.pending)
            self.pending.zero_()
            move = self.interval * images / self.images * (self.overfitting - self.target).sign()
            self.probability.add_(move).clamp_(0, self.limit)
        return {"augment_p": self.probability.clone(), "augment_r": self.overfitting.clone()}
