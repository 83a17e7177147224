"""The values that pass between the parts: a batch, what fakes are made of, what networks say of images, a d_pass."""

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
"""Named scalars whose sum is a loss."""

RealOrFake = Literal["real", "fake"]
"""What an image is."""


class Batch(NamedTuple):
    """Images and their classes.

    Attributes:
        images: With shape (B, C, H, W); uint8 as loaded, float32 in [-1, 1] as a model sees them.
        labels: Classes, int64, with shape (B,); zeros where a data set has none.
    """

    images: Tensor
    labels: Tensor

    def parts(self, number: int) -> list["Batch"]:
        """Split the batch in parts as even as can be."""
        return [Batch(*part) for part in zip(*(x.tensor_split(number) for x in self), strict=True)]


class GeneratorInput(NamedTuple):
    """What fakes are made of.

    Attributes:
        z: Noise, with shape (B, latent_dim).
        labels: Classes, int64 with shape (B,), that the fakes are to be of, where the generator takes any.
    """

    z: Tensor
    labels: Tensor


class DiscriminatorOutput(NamedTuple):
    """What a discriminator says of images.

    Attributes:
        logits: Unbounded scores, higher for real, with shape (B,), or (B, ...) for one score a patch.
        features: Activations before the last layer, with shape (B, F).
    """

    logits: Tensor
    features: Tensor


class GaussianPosterior(NamedTuple):
    """What an encoder says of images: a Gaussian over z for each, with independent entries.

    Attributes:
        mean: With shape (B, latent_dim).
        log_variance: With shape (B, latent_dim).
    """

    mean: Tensor
    log_variance: Tensor


class Quantized(NamedTuple):
    """Codes of a codebook in place of vectors.

    Attributes:
        vectors: The codes' own, with shape (B, D, h, w) and a gradient to the codebook.
        codes: Their numbers, int64, with shape (B, h, w).
    """

    vectors: Tensor
    codes: Tensor


@dataclass(frozen=True)
class DiscriminatorPass:
    """A discriminator's view of real and fake images, all that a loss or a regulariser may need.

    Attributes:
        critic: The discriminator as a function of images alone (labels bound).
        real: Real images as the discriminator sees them, augmented and packed, with shape (B, C, H, W). A penalty's
            gradient is by these, not by the images that they were made from, as R1's is in StyleGAN2-ADA.
        fake: Fake images, likewise, with shape (B, C, H, W).
        real_output: The verdict on the real images; None where nothing asks for it.
        fake_output: The verdict on the fake images.
        rng: Random numbers, a row an image.
        double_backward: The images that the verdict on can be differentiated by, and the gradient once more.
    """

    critic: Callable[[Tensor], DiscriminatorOutput]
    real: Tensor
    fake: Tensor
    real_output: DiscriminatorOutput | None
    fake_output: DiscriminatorOutput
    rng: KeyedRandom
    double_backward: frozenset[RealOrFake] = frozenset()
