"""Perceptual path length: how much images change along a path in latent space (Karras et al., 2019, Section 4.1)."""

from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.latent.interpolation import lerp, slerp
from gan.models.stylegan2 import Generator, StyleGAN2, W
from gan.nn.pretrained.base import FeatureMaps, feature_distances
from gan.nn.pretrained.efficientnet import EfficientNetLite0Maps
from gan.runs.writing import atomic_path
from gan.types import GeneratorInput

__all__ = ["Space", "path_length", "perceptual_path_lengths"]

Space = Literal["z", "w"]
BATCH = 32


def path_length(generator: TrainedGenerator, num: int, space: Space, epsilon: float, seed: int, out: Path) -> None:
    """Print the perceptual path length, and draw the distribution of lengths.

    The mean is of the lengths between the percentiles 1 and 99, as in the authors' code. They use VGG16 with LPIPS's
    weights; the features here are EfficientNet-Lite0's. So compare runs with each other, not with published numbers.

    Args:
        generator: The trained model.
        num: Number of paths.
        space: Space of the paths.
        epsilon: Length of the steps, as a share of a path.
        seed: Seed of the latent vectors.
        out: PNG file to write.

    Raises:
        UserError: If the generator has no such space, or its images do not change smoothly.
    """
    from matplotlib.figure import Figure  # slow to import

    generator.check_smooth()
    network = EfficientNetLite0Maps().to(generator.device)
    lengths = perceptual_path_lengths(generator, network, num, space, epsilon, seed)
    low, high = lengths.quantile(0.01), lengths.quantile(0.99)
    kept = lengths[(low <= lengths) & (lengths <= high)]
    print(f"ppl_{space} {float(kept.mean()):.4g} (mean of {len(kept)} paths; all: {float(lengths.mean()):.4g})")
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    axes.hist(lengths.log10().numpy(), 40, color="#1f6fb4")
    axes.axvline(float(kept.mean().log10()), color="black", linestyle=":")
    axes.set(xlabel=f"log10 of the path length in {space}", ylabel="paths")
    with atomic_path(out) as path:
        figure.savefig(path, format="png", dpi=110)
    print(f"Wrote {out}")


@torch.no_grad()
def perceptual_path_lengths(
    generator: TrainedGenerator, network: FeatureMaps, num: int, space: Space, epsilon: float, seed: int
) -> Tensor:
    r"""Return the squared perceptual length of each path, float32 with shape (num,).

    .. math:: d\bigl(G(\gamma(t)), G(\gamma(t + \epsilon))\bigr) / \epsilon^2, \quad t \sim U(0, 1)

    with paths on a great circle for z, and straight ones for w (Karras et al., 2019, Eqs. 2 and 3).

    Args:
        generator: The trained model.
        network: Network whose features are compared.
        num: Number of paths.
        space: Space of the paths.
        epsilon: Length of the steps, as a share of a path.
        seed: Seed of the latent vectors.

    Raises:
        UserError: If the generator has no such space, or ``epsilon`` is not above 0.
    """
    if not 0 < epsilon < 1:
        raise UserError("--epsilon must be above 0 and below 1")
    along = _along_w(generator) if space == "w" else _along_z
    lengths = []
    for start, end, t in _paths(generator, num, seed):
        first, second = (generator.generate(along(start, end, at)) for at in (t, t + epsilon))
        lengths.append(feature_distances(network, first, second).cpu() / epsilon**2)
    return torch.cat(lengths)


def _paths(generator: TrainedGenerator, num: int, seed: int) -> Iterator[tuple[GeneratorInput, GeneratorInput, Tensor]]:
    """Yield the inputs of both ends of paths, which share class and noise, and a place on each."""
    inputs = generator.inputs(2 * num, seed=seed)
    places = torch.rand(num, 1, generator=torch.Generator().manual_seed(seed)).to(generator.device)
    for first in range(0, num, BATCH):
        last = min(first + BATCH, num)
        assert inputs.z is not None
        start = inputs.map(itemgetter(slice(first, last)))
        yield start, start._replace(z=inputs.z[num + first : num + last]), places[first:last]


def _along_z(start: GeneratorInput, end: GeneratorInput, t: Tensor) -> GeneratorInput:
    assert start.z is not None
    assert end.z is not None
    return start._replace(z=slerp(start.z, end.z, t))


def _along_w(generator: TrainedGenerator) -> Callable[[GeneratorInput, GeneratorInput, Tensor], GeneratorInput]:
    """Return a function to the input of images on a straight path in W."""
    model = generator.model
    if not isinstance(model, StyleGAN2):
        raise UserError(f"{generator.path} has no space W: only runs of model=stylegan2 have it")

    def along(start: GeneratorInput, end: GeneratorInput, t: Tensor) -> GeneratorInput:
        with model.inference_network(generator.use_ema) as network:
            assert isinstance(network, Generator)
            ends = [network.mapping(inputs.z, inputs.labels) for inputs in (start, end)]
        w = lerp(ends[0], ends[1], t)[:, None].expand(-1, model.num_layers, -1)
        return start._replace(noise={**(start.noise or {}), W: w})

    return along
