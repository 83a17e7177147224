"""Sampler: a generator, its moving average, and seeded sampling."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from gan.keyed_random import KeyedRandom, Stream, truncate_normal
from gan.nn.moving_average import MovingAverage
from gan.types import Batch

__all__ = ["Sampler", "eval_mode"]

NOISE_BLOCK = 256  # latent vectors drawn with one key; changing it changes the samples of every seed


class Sampler(LightningModule):
    """A generator that can be sampled; subclasses define how it is trained.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        latent_dim: Length of the latent vector z.
        latent: Distribution of z: standard normal, or uniform on [-1, 1].
        ema_decay: Decay of the generator's moving average per update; 0 disables the average.
        num_classes: Number of classes of a conditional generator; 1 for an unconditional one.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        generator: nn.Module,
        latent_dim: int = 100,
        latent: Literal["normal", "uniform"] = "normal",
        ema_decay: float = 0.999,
        num_classes: int = 1,
    ) -> None:
        super().__init__()
        if not 0 <= ema_decay < 1:
            raise ValueError(f"ema_decay must be at least 0 and below 1, not {ema_decay}")
        if num_classes < 1:
            raise ValueError(f"num_classes must be at least 1, not {num_classes}")
        self.generator = generator
        self.ema = MovingAverage(generator, ema_decay) if ema_decay else None
        self.latent_dim, self.latent, self.num_classes = latent_dim, latent, num_classes

    def sample_latent(self, rng: KeyedRandom) -> Tensor:
        """Draw z, with shape (B, latent_dim)."""
        return rng.normal(self.latent_dim) if self.latent == "normal" else 2 * rng.uniform(self.latent_dim) - 1

    def sample_labels(self, rng: KeyedRandom) -> Tensor:
        """Draw classes uniformly, int64 with shape (B,)."""
        return (self.num_classes * rng.uniform()).long()

    def truncate_latent(self, z: Tensor, threshold: float) -> Tensor:
        """Move z towards its mean, which trades variety for quality; the shape is kept."""
        return truncate_normal(z, threshold) if self.latent == "normal" else min(threshold, 1.0) * z

    def sample(self, num: int, seed: int = 0, batch_size: int = 256, use_ema: bool = True) -> Tensor:
        """Generate images; a seed gives the same images for every batch size.

        Args:
            num: Number of images.
            seed: Seed of the latent vectors.
            batch_size: Images per forward pass.
            use_ema: Whether to use the moving average, if there is one.

        Returns:
            Images in [-1, 1], float32, with shape (num, C, H, W), on the model's device.
        """
        return torch.cat([batch.images for batch in self.iterate_samples(range(num), seed, batch_size, use_ema)])

    @torch.no_grad()
    def iterate_samples(
        self,
        indices: range,
        seed: int = 0,
        batch_size: int = 256,
        use_ema: bool = True,
        classes: Sequence[int] | None = None,
        truncation: float | None = None,
    ) -> Iterator[Batch]:
        """Yield batches of the samples that a seed has at some indices, with their classes.

        Args:
            indices: Consecutive indices of the samples.
            seed: Seed of the latent vectors.
            batch_size: Images per batch.
            use_ema: Whether to use the moving average, if there is one.
            classes: Classes that successive samples cycle through; None for all.
            truncation: See ``latents``.
        """
        cycle = torch.tensor(range(self.num_classes) if classes is None else classes, device=self.device)
        labels = cycle[torch.arange(indices.start, indices.stop, device=self.device) % len(cycle)]
        with self.inference_network(use_ema) as network:
            for batch in (slice(start, start + batch_size) for start in range(0, len(indices), batch_size)):
                z = self.latents(indices[batch], seed, truncation)
                yield Batch(network(z, labels[batch]).float(), labels[batch])

    def latents(self, indices: range, seed: int = 0, truncation: float | None = None) -> Tensor:
        """Return the latent vectors that a seed has at some indices, however the indices are split over calls.

        Args:
            indices: Consecutive indices of the samples.
            seed: Seed of the latent vectors.
            truncation: Bound of each entry, in standard deviations, or in half-widths of a uniform distribution
                (Brock et al., 2019, Section 3.1); None for no truncation.

        Returns:
            With shape (len(indices), latent_dim).
        """
        first, last = indices.start // NOISE_BLOCK, (indices.stop - 1) // NOISE_BLOCK
        rngs = (
            KeyedRandom(seed, Stream.SAMPLES, block, total=NOISE_BLOCK, device=self.device)
            for block in range(first, last + 1)
        )
        blocks = torch.cat([self.sample_latent(rng) for rng in rngs])
        z = blocks[indices.start - first * NOISE_BLOCK : indices.stop - first * NOISE_BLOCK]
        return z if truncation is None else self.truncate_latent(z, truncation)

    @contextmanager
    def inference_network(self, use_ema: bool = True) -> Iterator[nn.Module]:
        """Yield the generator, or its moving average if there is one and it is requested, in evaluation mode."""
        with eval_mode(self.ema.network if self.ema is not None and use_ema else self.generator) as network:
            yield network


@contextmanager
def eval_mode(network: nn.Module) -> Iterator[nn.Module]:
    """Yield a network in evaluation mode, and restore its mode afterwards."""
    mode = network.training
    network.eval()
    try:
        yield network
    finally:
        network.train(mode)
