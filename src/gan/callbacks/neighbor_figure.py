"""Shows samples beside the training images that are nearest to them, as training ends."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.callbacks.periodic import data_module
from gan.images import gallery, save_png
from gan.loggers.tracking import PictureLogger
from gan.metrics.neighbors import closest, in_pixels
from gan.models.sampler import Sampler

__all__ = ["NeighborFigure"]

HELD_OUT = 64  # at most so many held-out images say what distance is usual


class NeighborFigure(Callback):
    """Writes a picture of samples, each in a row with its nearest training images, and sends it to the trackers.

    Nearest in pixels; ``python -m gan.explore neighbors`` also compares features. Points have no such picture.

    Args:
        path: The PNG to write.
        num: Number of samples.
        k: Number of neighbours of each.
        limit: Training images to search at most, evenly spread over the split.
        seed: What the samples' noise follows from.

    Attributes:
        facts: How many training images were searched, of how many, and the mean distance of samples and of held-out
            images from their nearest one; None where there is no picture.

    Raises:
        ValueError: If a number is below one.
    """

    def __init__(self, path: str, num: int = 8, k: int = 5, limit: int = 20_000, seed: int = 0) -> None:
        if min(num, k, limit) < 1:
            raise ValueError(f"num, k and limit must be at least 1, not {num}, {k} and {limit}")
        self.path, self.num, self.k, self.limit, self.seed = Path(path), num, k, limit, seed
        self.facts: dict[str, Any] | None = None

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look for the neighbours, on the first rank alone: the others have nothing to add."""
        assert isinstance(pl_module, Sampler)
        data = data_module(trainer)
        if not (trainer.is_global_zero and data.pixels and data.channels in (1, 3)):
            return
        fakes = data.discretize(pl_module.sample(self.num, self.seed)).cpu()
        held_out = _spread(len(data.split("test")), HELD_OUT)
        real = next(data.batches("test", HELD_OUT, held_out)).images
        trained = data.training_indices
        among = [trained[place] for place in _spread(len(trained), self.limit)]
        k = min(self.k, len(among))
        distances, found = closest(torch.cat([fakes, real]), data, in_pixels, k, pl_module.device, among)
        of_fakes, of_real = distances[:, 0].split([len(fakes), len(real)])
        picture = gallery({"sample": fakes[:, None], "nearest training images": found[: len(fakes)]})
        save_png(picture, self.path)
        self.facts = {
            "searched": len(among),
            "training_images": len(trained),
            "distance": round(float(of_fakes.mean()), 4),
            "held_out_distance": round(float(of_real.mean()), 4),
        }
        for logger in trainer.loggers:
            if isinstance(logger, PictureLogger):
                logger.log_picture("neighbors", picture, trainer.global_step)


def _spread(size: int, limit: int) -> range:
    """Return at most ``limit`` indices, evenly over ``size``."""
    return range(0, size, -(-size // limit))
