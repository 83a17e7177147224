"""What makes images from noise: the generator, its moving average, and samples that follow from a seed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from gan.keyed_random import KeyedRandom, Stream, truncated
from gan.nn.moving_average import MovingAverage
from gan.types import Batch

__all__ = ["Sampler", "eval_mode"]

NOISE_BLOCK = 256  # samples whose noise is drawn at once: part of what a seed means


class Sampler(LightningModule):
    """A generator that can be sampled; how it is trained is for others to say.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        latent_dim: Length of the noise vector z.
        latent: Distribution of z: standard normal, or uniform on [-1, 1].
        ema_decay: Decay of the generator's moving average at each of its updates; 0 switches it off.
        num_classes: Number of classes that the generator takes labels of; 1 where it takes none.

    Raises:
        ValueError: If a number is out of its range.
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
        """Draw classes, each as likely as another, int64 with shape (B,)."""
        return (self.num_classes * rng.uniform()).long()

    def truncate_latent(self, z: Tensor, threshold: float) -> Tensor:
        """Bring z nearer to its mean, where samples are better and less various, with its shape."""
        return truncated(z, threshold) if self.latent == "normal" else min(threshold, 1.0) * z

    def sample(self, num: int, seed: int = 0, batch_size: int = 256, use_ema: bool = True) -> Tensor:
        """Generate images from the averaged generator, the same for a seed whatever the batch size.

        Args:
            num: How many.
            seed: What the noise follows from.
            batch_size: How many at a time.
            use_ema: Whether to use the moving average, where there is one.

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
        """Yield samples and their classes a batch at a time: those that a seed has at some consecutive indices.

        A conditional generator is asked for each of some classes in turn, for all of them where none are said.
        ``truncation`` is what ``latents`` takes.
        """
        wanted = torch.tensor(range(self.num_classes) if classes is None else classes, device=self.device)
        labels = wanted[torch.arange(indices.start, indices.stop, device=self.device) % len(wanted)]
        with self.inference_network(use_ema) as network:
            for batch in (slice(start, start + batch_size) for start in range(0, len(indices), batch_size)):
                z = self.latents(indices[batch], seed, truncation)
                yield Batch(network(z, labels[batch]).float(), labels[batch])

    def latents(self, indices: range, seed: int = 0, truncation: float | None = None) -> Tensor:
        """Return the noise that a seed has at some consecutive indices, the same however it is asked for.

        Args:
            indices: Which samples'.
            seed: What it follows from.
            truncation: Keeps each entry within so many standard deviations, or half-widths of a uniform distribution
                (Brock et al., 2019, Section 3.1); None keeps all.

        Returns:
            With shape (len(indices), latent_dim).
        """
        first, last = indices.start // NOISE_BLOCK, (indices.stop - 1) // NOISE_BLOCK
        numbers = range(first, last + 1)
        rng = (KeyedRandom(seed, Stream.SAMPLES, number, total=NOISE_BLOCK, device=self.device) for number in numbers)
        blocks = torch.cat([self.sample_latent(block) for block in rng])
        z = blocks[indices.start - first * NOISE_BLOCK : indices.stop - first * NOISE_BLOCK]
        return z if truncation is None else self.truncate_latent(z, truncation)

    @contextmanager
    def inference_network(self, use_ema: bool = True) -> Iterator[nn.Module]:
        """Lend the averaged generator, where there is one and it is wanted, in evaluation mode."""
        with eval_mode(self.ema.network if self.ema is not None and use_ema else self.generator) as network:
            yield network


@contextmanager
def eval_mode(network: nn.Module) -> Iterator[nn.Module]:
    """Lend a network in evaluation mode."""
    mode = network.training
    network.eval()
    try:
        yield network
    finally:
        network.train(mode)
