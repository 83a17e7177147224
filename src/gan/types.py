"""Types that the modules exchange: batches, generator inputs, network outputs, and passes of the discriminator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from gan.keyed_random import KeyedRandom

__all__ = [
    "Batch",
    "DiscriminatorOutput",
    "DiscriminatorPass",
    "GaussianPosterior",
    "GeneratorInput",
    "Quantized",
    "RealOrFake",
    "Terms",
]

Terms = dict[str, Tensor]
"""Named scalar terms of a loss, or named measures."""

RealOrFake = Literal["real", "fake"]
"""Kind of images."""


class Batch(NamedTuple):
    """Images and their classes.

    Attributes:
        images: With shape (B, C, H, W); uint8 as loaded, float32 in [-1, 1] as passed to a model.
        labels: Classes, int64, with shape (B,); zeros if the data set has none.
    """

    images: Tensor
    labels: Tensor

    def parts(self, number: int) -> list["Batch"]:
        """Split the batch as evenly as possible."""
        return [Batch(*part) for part in zip(*(x.tensor_split(number) for x in self), strict=True)]


class GeneratorInput(NamedTuple):
    """Input of a generator.

    Attributes:
        z: Latent vectors, with shape (B, latent_dim).
        labels: Classes to generate, int64, with shape (B,); ignored by unconditional generators.
    """

    z: Tensor
    labels: Tensor


class DiscriminatorOutput(NamedTuple):
    """Output of a discriminator.

    Attributes:
        logits: Unbounded scores, higher for real images, with shape (B,), or (B, ...) with one score per patch.
        features: Activations before the last layer, with shape (B, F).
    """

    logits: Tensor
    features: Tensor


class GaussianPosterior(NamedTuple):
    """Output of a variational encoder: a diagonal Gaussian over z for each image.

    Attributes:
        mean: With shape (B, latent_dim).
        log_variance: With shape (B, latent_dim).
    """

    mean: Tensor
    log_variance: Tensor


class Quantized(NamedTuple):
    """Vectors replaced by entries of a codebook.

    Attributes:
        vectors: Codebook entries, with shape (B, D, h, w) and a gradient to the codebook.
        codes: Indices into the codebook, int64, with shape (B, h, w).
    """

    vectors: Tensor
    codes: Tensor


@dataclass(frozen=True)
class DiscriminatorPass:
    """A pass of the discriminator over real and fake images: the input of losses and regularisers.

    Attributes:
        critic: The discriminator as a function of images alone, with the labels bound.
        real: Real images as passed to the discriminator, augmented and packed, with shape (B, C, H, W). Penalties
            differentiate with respect to these, not to the images before augmentation.
        fake: Fake images as passed to the discriminator, with shape (B, C, H, W).
        real_output: Output on the real images; None if nothing needs it.
        fake_output: Output on the fake images.
        rng: Random numbers, one row per image.
        double_backward: Kinds of images with respect to which the output can be differentiated twice.
    """

    critic: Callable[[Tensor], DiscriminatorOutput]
    real: Tensor
    fake: Tensor
    real_output: DiscriminatorOutput | None
    fake_output: DiscriminatorOutput
    rng: KeyedRandom
    double_backward: frozenset[RealOrFake] = frozenset()
