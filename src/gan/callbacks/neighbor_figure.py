"""Figure of samples beside their nearest training images, at the end of training."""

from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.bounds import Count, Seed, Shown
from gan.callbacks.periodic import data_module
from gan.data.base import ImageDataModule
from gan.data.order import evenly_spaced
from gan.images import gallery
from gan.loggers.pictures import log_picture
from gan.metrics.nearest_neighbors import flatten_pixels, nearest_training_images
from gan.models.sampler import Sampler
from gan.runs.folder import OutputPath

__all__ = ["NeighborFigure"]

MAX_HELD_OUT = 64  # held-out images for the reference distance


class NeighborFigure(Callback):
    """Write a figure of samples and their nearest training images, one sample per row, and log it.

    Distances are between pixels; ``python -m gan.explore neighbors`` also compares features. There is no figure for
    points and sentences.

    Args:
        path: PNG file to write.
        num: Number of samples.
        k: Number of neighbours per sample.
        limit: Maximum number of training images to search, evenly spaced over the split.
        seed: Seed of the samples.

    Attributes:
        facts: Number of training images, number of those searched, and mean distance of samples and of held-out images
            to their nearest one; None without a figure.
    """

    def __init__(self, path: OutputPath, num: Shown = 8, k: Shown = 5, limit: Count = 20_000, seed: Seed = 0) -> None:
        self.path, self.num, self.k, self.limit, self.seed = Path(path), num, k, limit, seed
        self.facts: dict[str, Any] | None = None

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Search for the neighbours and draw the figure, on rank 0 alone."""
        assert isinstance(pl_module, Sampler)
        data = data_module(trainer)
        if not (isinstance(data, ImageDataModule) and data.pixels and data.channels in (1, 3)):
            return
        if not trainer.is_global_zero:
            return
        batch = next(pl_module.iterate_samples(range(self.num), self.seed, self.num, requests=data.requests))
        samples = data.discretize_samples(batch).images.cpu()
        held_out = next(data.batches("test", MAX_HELD_OUT, evenly_spaced(len(data.split("test")), MAX_HELD_OUT))).real
        trained = data.training_indices
        searched = [trained[index] for index in evenly_spaced(len(trained), self.limit)]
        distances, neighbors = nearest_training_images(
            torch.cat([samples, held_out]),
            data,
            flatten_pixels,
            min(self.k, len(searched)),
            pl_module.device,
            searched,
        )
        sample_distances, held_out_distances = distances[:, 0].split([len(samples), len(held_out)])
        picture = gallery({"sample": samples[:, None], "nearest training images": neighbors[: len(samples)]})
        self.facts = {
            "searched": len(searched),
            "training_images": len(trained),
            "distance": round(float(sample_distances.mean()), 4),
            "held_out_distance": round(float(held_out_distances.mean()), 4),
        }
        log_picture(trainer, "neighbors", picture, self.path)
