"""Reconstructions of held-out images by an autoencoder, and its loss on them."""

from pathlib import Path

import torch

from gan.checkpoint.trained import TrainedGenerator
from gan.data.order import evenly_spaced
from gan.errors import UserError
from gan.images import gallery, save_png
from gan.keyed_random import KeyedRandom
from gan.models.autoencoder import AutoEncoder

__all__ = ["reconstruct"]

MAX_HELD_OUT = 1000  # held-out images for the printed values, as one batch


def reconstruct(generator: TrainedGenerator, num: int, seed: int, out: Path) -> None:
    """Draw some held-out images above their reconstructions, and print the mean error and loss terms over many.

    Args:
        generator: A trained autoencoder.
        num: Number of images to draw.
        seed: Seed of the encoder's noise.
        out: PNG file to write.

    Raises:
        UserError: If the model has no encoder.
    """
    model, data = generator.model, generator.data
    if not isinstance(model, AutoEncoder) or not hasattr(model, "encoder"):  # exported weights have no encoder
        raise UserError(f"{generator.path} has no encoder, so it cannot reconstruct: name a run of model=vae or vqvae")
    indices = evenly_spaced(len(data.split("test")), MAX_HELD_OUT)
    held_out = next(data.batches("test", MAX_HELD_OUT, indices))
    batch = data.scale_batch(held_out.map(lambda x: x.to(generator.device)))
    images = batch.real
    terms = model.score(batch, KeyedRandom(seed, total=batch.size, device=images.device))
    reconstructions = model.reconstruct(images)
    shades = 127.5 * float((reconstructions - images).square().mean().sqrt())
    print(f"{len(images):,} held-out images, distance {shades:.1f} of 255 shades (root mean square over pixels)")
    for name, value in terms.items():
        print(f"{name:<14} {value:.4g}")
    drawn = torch.linspace(0, len(images) - 1, min(num, len(images))).round().long()
    rows = torch.stack([held_out.real[drawn], data.discretize(reconstructions[drawn]).cpu()])
    save_png(gallery({"held-out images, and their reconstructions": rows}), out)
    print(f"Wrote {out}")
