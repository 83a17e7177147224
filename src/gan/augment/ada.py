"""Adaptive discriminator augmentation (ADA; Karras et al., 2020)."""

from collections.abc import Mapping
from typing import Annotated

import torch
from annotated_types import Gt, Lt
from torch import Tensor

from gan.augment.base import Augment
from gan.augment.pipeline import Change
from gan.bounds import Pixels, PositiveInt, Probability
from gan.distributed.group import mean_over_ranks
from gan.keyed_random import KeyedRandom
from gan.types import Terms

__all__ = ["Adaptive"]


class Adaptive(Augment):
    """Changes applied with probability p, which rises while D overfits and falls otherwise.

    The measure of overfitting is r = E[sign D(real)] (Karras et al., 2020, Eq. 1) over the steps since the last change
    of p, with the sign relative to the loss's boundary between real and fake. p rises if r is above the target and
    falls otherwise, at a rate that takes it from 0 to 1 within ``images`` real images. The changes do not leak into
    G's images while p stays below about 0.8 (Section 2.2 of the paper).

    Args:
        image_size: Height and width of the images, in pixels.
        changes: Named changes, applied one after the other; entries that are None are skipped.
        target: Target of r.
        images: Real images within which p can go from 0 to 1.
        interval: Discriminator steps between updates of p.
        start: Initial p.
        limit: Largest p.

    Raises:
        ValueError: If ``start`` is above ``limit``, or the images have a single pixel.
    """

    probability: Tensor
    overfitting: Tensor
    pending: Tensor

    def __init__(
        self,
        image_size: Pixels,
        changes: Mapping[str, Change | None],
        target: Annotated[float, Gt(-1), Lt(1)] = 0.6,
        images: PositiveInt = 500_000,
        interval: PositiveInt = 4,
        start: Probability = 0.0,
        limit: Probability = 1.0,
    ) -> None:
        super().__init__(image_size)
        if start > limit:
            raise ValueError(f"start must be at most limit={limit}, not {start}")
        self.changes = [change for change in changes.values() if change is not None]
        self.target, self.images, self.interval, self.limit = target, images, interval, limit
        # buffers, so that they are saved and broadcast with the weights
        self.register_buffer("probability", torch.tensor(start))
        self.register_buffer("overfitting", torch.zeros(()))
        self.register_buffer("pending", torch.zeros(()))

    def change(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        for change in self.changes:
            images = change(images, rng, self.probability)
        return images

    @torch.no_grad()
    def observe(self, accuracy: Tensor, step: int, images: int) -> Terms:
        """Update p every ``interval`` steps; return it as ``augment_p``, and r at its last update as ``augment_r``."""
        self.pending += mean_over_ranks(2 * accuracy.float() - 1) / self.interval
        if step % self.interval == 0:
            self.overfitting.copy_(self.pending)
            self.pending.zero_()
            difference = self.interval * images / self.images * (self.overfitting - self.target).sign()
            self.probability.add_(difference).clamp_(0, self.limit)
        return {"augment_p": self.probability.clone(), "augment_r": self.overfitting.clone()}
