"""Samples beside the training images that are nearest to them: are they copies?"""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import OmegaConf

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.features.base import FeatureExtractor
from gan.images import gallery, save_png
from gan.instantiate import build
from gan.metrics.nearest_neighbors import Embedding, flatten_pixels, nearest_training_images

__all__ = ["neighbors"]

HELD_OUT = 512  # at most so many held-out images say what distance is usual


def neighbors(
    generator: TrainedGenerator, num: int, k: int, samples: Sequence[int] | None, seed: int, out: Path
) -> None:
    """Draw a figure, nearest in pixels and in the run's own features, and print how near they are.

    Raises:
        UserError: If a sample's number is negative.
    """
    chosen = list(samples or range(num))
    if min(chosen) < 0:
        raise UserError("--samples are numbered from 0")
    data, device = generator.data, generator.device
    features: FeatureExtractor = build(OmegaConf.create(generator.config).metric.features)(data)
    features.to(device).eval()
    spaces: dict[str, Embedding] = {"pixels": flatten_pixels, features.name: lambda images: features(images).vectors}
    fakes = data.discretize(generator.sample(max(chosen) + 1, seed=seed)).cpu()[chosen]
    size = len(data.split("test"))
    held_out = next(data.batches("test", size, range(0, size, -(-size // HELD_OUT)))).images  # of all classes

    groups = {"sample": fakes[:, None]}
    for name, space in spaces.items():
        distances, groups[f"nearest in {name}"] = nearest_training_images(fakes, data, space, k, device)
        near, usual = distances[:, 0].mean(), nearest_training_images(held_out, data, space, 1, device)[0].mean()
        print(f"{name:<12} nearest training image at {near:.4g} on average; held-out images have theirs at {usual:.4g}")
    save_png(gallery(groups), out)
    print(f"Wrote {out}")
