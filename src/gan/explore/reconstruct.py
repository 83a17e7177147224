"""Held-out images above what an autoencoder gives back, and what its loss comes to on them."""

from pathlib import Path

import torch

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.images import gallery, save_png
from gan.keyed_random import KeyedRandom
from gan.models.autoencoder import AutoEncoder
from gan.types import Batch

__all__ = ["reconstruct"]

HELD_OUT = 1000  # at most so many images are scored, as one batch


def reconstruct(generator: TrainedGenerator, num: int, seed: int, out: Path) -> None:
    """Draw a figure of some images, and print the mean error and terms of many.

    Raises:
        UserError: If the model has no encoder.
    """
    model, data = generator.model, generator.data
    if not isinstance(model, AutoEncoder) or not hasattr(model, "encoder"):  # which exported weights are without
        raise UserError(f"{generator.path} has no encoder, so it cannot reconstruct: name a run of model=vae or vqvae")
    size = len(data.split("test"))
    indices = range(0, size, -(-size // HELD_OUT))  # of all classes
    held_out, labels = next(data.batches("test", len(indices), indices))
    images = held_out.to(generator.device).float() / 127.5 - 1
    scores = model.score(
        Batch(images, labels.to(generator.device)), KeyedRandom(seed, total=len(images), device=images.device)
    )
    chosen = torch.linspace(0, len(images) - 1, min(num, len(images))).round().long()
    made = model.reconstruct(images)
    shades = 127.5 * float((made - images).square().mean().sqrt())
    print(f"{len(images):,} held-out images, distance {shades:.1f} of 255 shades, the root of their mean square")
    for name, value in scores.items():
        print(f"{name:<14} {value:.4g}")
    rows = torch.stack([held_out[chosen], data.discretize(made[chosen]).cpu()])
    save_png(gallery({"held-out images, and their reconstructions": rows}), out)
    print(f"Wrote {out}")
