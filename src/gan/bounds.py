"""Ranges of options, for the signatures of constructors. They are checked before anything is built."""

from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt

__all__ = [
    "TORCH_OPTIM",
    "AtLeastTwo",
    "BatchSize",
    "Blocks",
    "Channels",
    "Classes",
    "Codes",
    "Count",
    "Decay",
    "Depth",
    "Expansion",
    "Exponent",
    "Factor",
    "Fraction",
    "Generators",
    "Halvings",
    "ImageShape",
    "Kernels",
    "LatentDim",
    "Length",
    "MadeSentences",
    "NonNegative",
    "NonNegativeInt",
    "Packing",
    "Patch",
    "Pixels",
    "Positive",
    "PositiveInt",
    "Probability",
    "SampleCount",
    "Seed",
    "Share",
    "Shown",
    "SourceChannels",
    "Strength",
    "Temperature",
    "Vocabulary",
    "Weight",
    "Width",
    "Workers",
]

PositiveInt = Annotated[int, Ge(1)]
NonNegativeInt = Annotated[int, Ge(0)]
AtLeastTwo = Annotated[int, Ge(2)]
Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]

Probability = Annotated[float, Ge(0), Le(1)]
"""From 0 to 1, both included."""
Share = Annotated[float, Gt(0), Le(1)]
"""Part of a whole: above 0, up to all of it."""
Fraction = Annotated[float, Gt(0), Lt(1)]
"""Above 0 and below 1."""
Decay = Annotated[float, Ge(0), Lt(1)]
"""Decay of a moving average; 0 for no average."""
Strength = Annotated[float, Ge(0), Le(10)]
"""Size of a random change to images in [-1, 1]."""
Factor = Annotated[float, Ge(0), Le(100)]
"""Factor of a learning rate or a weight."""
Weight = Annotated[float, Ge(0), Le(1e6)]
"""Weight of a term of a loss."""

Seed = Annotated[int, Ge(0), Lt(2**32)]
Count = Annotated[int, Ge(1), Le(10_000_000)]
"""Number of images, each of which is made and held."""
SampleCount = Annotated[int, Ge(2), Le(10_000_000)]
"""Number of images of which there are statistics."""
Shown = Annotated[int, Ge(1), Le(10_000)]
"""Number of images in one picture."""
BatchSize = Annotated[int, Ge(1), Le(2**20)]
Packing = Annotated[int, Ge(1), Le(1024)]
Workers = Annotated[int, Ge(0), Le(1024)]

Pixels = Annotated[int, Ge(1), Le(8192)]
"""Height and width of images or features."""
Channels = Annotated[int, Ge(1), Le(4096)]
SourceChannels = Annotated[int, Ge(0), Le(4096)]
"""Channels of a source image; 0 for none."""
ImageShape = tuple[Channels, Pixels, Pixels]
"""Shape (C, H, W) of an image."""
Patch = Annotated[int, Ge(1), Le(64)]
"""Height and width of a patch of pixels."""
Classes = Annotated[int, Ge(1), Le(1_000_000)]
Generators = Annotated[int, Ge(2), Le(1024)]
Length = Annotated[int, Ge(1), Le(4096)]
"""Number of tokens of a sequence."""
MadeSentences = Annotated[int, Ge(2), Le(100_000)]
"""Number of sentences of a made language, which has several hundred thousand."""
Vocabulary = Annotated[int, Ge(2), Le(1_000_000)]
"""Number of different tokens."""
Temperature = Annotated[float, Gt(0), Le(1000)]
"""Divisor of logits."""
LatentDim = Annotated[int, Ge(1), Le(2**20)]

Width = Annotated[int, Ge(1), Le(65_536)]
"""Units or channels of a layer. Layers within it may still not fit in memory, which is checked as they are built."""
Depth = Annotated[int, Ge(1), Le(1000)]
"""Number of layers, or of steps within one update."""
Blocks = Annotated[int, Ge(0), Le(1000)]
"""Number of layers that can be left out."""
Expansion = Annotated[int, Ge(1), Le(64)]
"""Factor of a number of channels."""
Kernels = Annotated[int, Ge(0), Le(65_536)]
Codes = Annotated[int, Ge(2), Le(1_000_000)]
Halvings = Annotated[int, Ge(1), Le(13)]
Exponent = Annotated[int, Ge(1), Le(8)]

TORCH_OPTIM = {
    "T_max": PositiveInt,
    "alpha": Probability,
    "betas": tuple[Decay, Decay],
    "eps": NonNegative,
    "gamma": Factor,
    "lr": Annotated[float, Ge(0), Le(1000)],
    "lr_decay": NonNegative,
    "momentum": NonNegative,
    "rho": Probability,
    "step_size": PositiveInt,
    "weight_decay": Weight,
}
"""Arguments of torch's optimisers and schedulers, whose signatures state no range."""
