"""Samples beside their nearest training images, to detect copies."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.data.base import as_images
from gan.data.order import evenly_spaced
from gan.errors import UserError
from gan.images import gallery, save_png
from gan.metrics.nearest_neighbors import Embedding, flatten_pixels, nearest_training_images

__all__ = ["neighbors"]

MAX_HELD_OUT = 512  # held-out images for the reference distance


def neighbors(
    generator: TrainedGenerator, num: int, k: int, samples: Sequence[int] | None, seed: int, out: Path
) -> None:
    """Draw samples and their nearest training images, and print the mean distances.

    Distances are between pixels, and between features of the run's own extractor.

    Args:
        generator: The generator.
        num: Number of samples.
        k: Neighbours per sample.
        samples: Indices of the seed's samples; None for the first ``num``.
        seed: Seed of the samples.
        out: PNG file to write.

    Raises:
        UserError: If an index is negative.
    """
    indices = list(samples or range(num))
    if min(indices) < 0:
        raise UserError("--samples are numbered from 0")
    data, device = as_images(generator.data, "this view"), generator.device
    features = generator.feature_extractor()
    features.to(device).eval()

    @torch.no_grad()
    def feature_vectors(images: Tensor) -> Tensor:
        return features(images).vectors

    fakes = data.discretize(generator.sample(max(indices) + 1, seed=seed)).cpu()[indices]
    held_out = next(data.batches("test", MAX_HELD_OUT, evenly_spaced(len(data.split("test")), MAX_HELD_OUT))).real

    embeddings: dict[str, Embedding] = {"pixels": flatten_pixels, features.name: feature_vectors}
    groups = {"sample": fakes[:, None]}
    for name, embedding in embeddings.items():
        title = "nearest by pixels" if embedding is flatten_pixels else f"nearest by features: {name}"
        distances, groups[title] = nearest_training_images(fakes, data, embedding, k, device)
        held_out_distances, _ = nearest_training_images(held_out, data, embedding, 1, device)
        print(
            f"{name:<12} mean distance to the nearest training image {distances[:, 0].mean():.4g}; "
            f"of held-out images {held_out_distances[:, 0].mean():.4g}"
        )
    save_png(gallery(groups), out)
    print(f"Wrote {out}")
