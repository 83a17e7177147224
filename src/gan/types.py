"""Types that the modules exchange: batches, generator inputs, network outputs, and passes of the discriminator."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal, NamedTuple, TypeVar

from torch import Tensor, nn

from gan.keyed_random import KeyedRandom

__all__ = [
    "Batch",
    "Condition",
    "DiscriminatorOutput",
    "DiscriminatorPass",
    "GaussianPosterior",
    "GeneratorInput",
    "GeneratorOutput",
    "GeneratorPass",
    "Player",
    "Quantized",
    "RealOrFake",
    "Request",
    "Samples",
    "Terms",
    "map_tensors",
    "select_rows",
]

Terms = dict[str, Tensor]
"""Named scalar terms of a loss, or named measures."""

Player = Literal["discriminator", "generator"]
"""One of the two networks of the game, and the prefix ``d`` or ``g`` of its logged names."""

RealOrFake = Literal["real", "fake"]
"""Kind of images."""

Condition = Tensor | tuple[Tensor, ...]
"""Condition of a batch: a tensor, or a NamedTuple of tensors, with one row per image."""


Tensors = TypeVar("Tensors")


def map_tensors(function: Callable[[Tensor], Tensor], value: Tensors) -> Tensors:
    """Apply a function to each tensor of a tensor, tuple, NamedTuple or dictionary; None stays None.

    It is called several times per update, and takes a fraction of the time of libraries that know more types.
    """
    result: Any = value
    if isinstance(value, Tensor):
        result = function(value)
    elif isinstance(value, tuple):
        items = [map_tensors(function, item) for item in value]
        result = type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    elif isinstance(value, dict):
        result = {name: map_tensors(function, item) for name, item in value.items()}
    mapped: Tensors = result
    return mapped


def select_rows(value: Tensors, rows: slice) -> Tensors:
    """Select rows of each tensor, as ``map_tensors`` finds them."""
    return map_tensors(lambda x: x[rows], value)


class Batch(NamedTuple):
    """Rows of a data set: what a generator is to produce, and what it is produced from.

    Only the methods of this class walk its fields.

    Attributes:
        real: Images, points or one-hot tokens, with shape (B, ...): images have (B, C, H, W) and are uint8 as loaded,
            float32 in [-1, 1] as passed to a model.
        labels: Classes, int64, with shape (B,); zeros if the data set has none.
        condition: Further input of the generator, such as a source image, token ids or an embedding, each with B rows;
            None if there is none. The real row is its target if the data are paired.
    """

    real: Tensor
    labels: Tensor
    condition: Condition | None = None

    @property
    def size(self) -> int:
        """Number of rows B."""
        return len(self.real)

    def map(self, function: Callable[[Tensor], Tensor]) -> "Batch":
        """Apply a function to each tensor."""
        return map_tensors(function, self)

    def tensors(self) -> list[Tensor]:
        """Return all tensors."""
        condition = self.condition if isinstance(self.condition, tuple) else (self.condition,)
        return [self.real, self.labels, *(part for part in condition if part is not None)]

    def parts(self, number: int) -> list["Batch"]:
        """Split the rows as evenly as possible."""
        if number == 1:
            return [self]
        size, remainder = divmod(self.size, number)
        bounds = [part * size + min(part, remainder) for part in range(number + 1)]
        return [select_rows(self, slice(*ends)) for ends in pairwise(bounds)]

    def as_samples(self) -> "Samples":
        """Return the real rows in the place of generated ones."""
        return Samples(self.real, self.labels, self.condition)


class Samples(NamedTuple):
    """Generated images, and what they were requested to be; also real images that are scored in their place.

    Attributes:
        images: With shape (B, ...).
        labels: Requested classes, int64, with shape (B,); zeros if there are none.
        condition: The condition of each image; None if there is none.
        real: The real row that belongs to each condition, in the form of ``images``; None if there is none.
        row: Index of the held-out row that each condition is of, int64, with shape (B,); None if it is of none.
    """

    images: Tensor
    labels: Tensor
    condition: Condition | None = None
    real: Tensor | None = None
    row: Tensor | None = None


class Request(NamedTuple):
    """Conditions that samples are requested for.

    Attributes:
        condition: Condition of each sample.
        labels: Classes, int64, with shape (B,); None for all classes in a cycle.
        real: Real row that belongs to each condition; None if there is none.
        row: Index of the held-out row that each condition is of, int64, with shape (B,); None if it is of none.
    """

    condition: Condition
    labels: Tensor | None = None
    real: Tensor | None = None
    row: Tensor | None = None


class GeneratorInput(NamedTuple):
    """Input of a generator; each field is None if the generator does not use it.

    Attributes:
        z: Latent vectors, with shape (B, latent_dim).
        labels: Classes to generate, int64, with shape (B,), or mixtures of them, float32 with shape (B, num_classes);
            ignored by unconditional generators.
        condition: Source image, token ids, embedding, ..., with B rows.
        noise: Further random tensors by name, each with B rows: dropout masks, layer noise, style mixing.
    """

    z: Tensor | None
    labels: Tensor | None = None
    condition: Condition | None = None
    noise: dict[str, Tensor] | None = None

    def map(self, function: Callable[[Tensor], Tensor]) -> "GeneratorInput":
        """Apply a function to each tensor, such as a selection of rows."""
        return map_tensors(function, self)

    def split(self, size: int) -> list["GeneratorInput"]:
        """Split into parts of at most ``size`` rows."""
        return [select_rows(self, slice(start, start + size)) for start in range(0, self.size, size)]

    @property
    def size(self) -> int:
        """Number of rows B."""
        return len(next(iter(self.tensors().values())))

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors by name: ``z``, ``labels``, ``condition`` or ``condition.<field>``, ``noise.<name>``."""
        fields: dict[str, Tensor | None] = {"z": self.z, "labels": self.labels}
        if isinstance(self.condition, tuple):
            names = getattr(self.condition, "_fields", range(len(self.condition)))
            fields |= {f"condition.{name}": part for name, part in zip(names, self.condition, strict=True)}
        else:
            fields["condition"] = self.condition
        fields |= {f"noise.{name}": value for name, value in (self.noise or {}).items()}
        return {name: value for name, value in fields.items() if value is not None}

    def with_tensors(self, tensors: Mapping[str, Tensor]) -> "GeneratorInput":
        """Return an input with the tensors of these names, as ``tensors`` returns them, and no others."""
        condition = self.condition
        if isinstance(condition, tuple):
            parts = [value for name, value in tensors.items() if name.startswith("condition.")]
            condition = type(condition)(*parts) if hasattr(condition, "_fields") else tuple(parts)
        else:
            condition = tensors.get("condition")
        noise = {name: tensors[f"noise.{name}"] for name in self.noise} if self.noise else None
        return GeneratorInput(tensors.get("z"), tensors.get("labels"), condition, noise)


class GeneratorOutput(NamedTuple):
    """Output of a generator.

    Attributes:
        images: With shape (B, ...): images in [-1, 1] have (B, C, H, W).
        w: Intermediate latent vectors, with shape (B, ..., D), by which path lengths are measured; None if the
            generator has none.
        extras: Further outputs by name, such as images of lower resolution; None if there are none.
    """

    images: Tensor
    w: Tensor | None = None
    extras: dict[str, Tensor] | None = None


class DiscriminatorOutput(NamedTuple):
    """Output of a discriminator, which may return another NamedTuple with these fields and more.

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


@dataclass(frozen=True, kw_only=True)
class GeneratorPass:
    """A pass of the generator: the input of regularisers that need no discriminator.

    Attributes:
        player: The player that is updated.
        step: Number of its update, from 0.
        batch: Real rows.
        inputs: Input of the generator.
        generated: The generator's output on it, before noise, augmentation, replay and packing.
        generator: The generator's network.
        generate: Runs the generator, uncompiled, on other inputs.
        redraw: Draws another input for the batch.
        rng: Random numbers, one row per image; in a DiscriminatorPass, one row per pack.
        measures: Measures that parts of the loss add on the way, to be logged with the terms.
    """

    player: Player
    step: int
    batch: Batch
    inputs: GeneratorInput
    generated: GeneratorOutput
    generator: nn.Module
    generate: Callable[[GeneratorInput], GeneratorOutput]
    redraw: Callable[[], GeneratorInput]
    rng: KeyedRandom
    measures: Terms = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DiscriminatorPass(GeneratorPass):
    """A pass of the discriminator over real and fake images: the input of losses and regularisers.

    Attributes:
        critic: The discriminator as a function of images alone, with labels and condition bound.
        real: Real images as passed to the discriminator, augmented and packed, with shape (B, C, H, W). Penalties
            differentiate with respect to these, not to the images before augmentation.
        fake: Fake images as passed to the discriminator, with shape (B, C, H, W).
        real_output: Output on the real images; None if nothing needs it.
        fake_output: Output on the fake images.
        double_backward: Kinds of images with respect to which the output can be differentiated twice.
    """

    critic: Callable[[Tensor], DiscriminatorOutput]
    real: Tensor
    fake: Tensor
    real_output: DiscriminatorOutput | None
    fake_output: DiscriminatorOutput
    double_backward: frozenset[RealOrFake] = frozenset()
