"""Perceptual path length: how much images change along a path in latent space (Karras et al., 2019, Section 4.1)."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor

from gan.bounds import Fraction, SampleCount
from gan.distributed.group import rank_range
from gan.metrics.measure import Measure
from gan.metrics.sampled import SampleSource
from gan.metrics.statistics import GeneratorStatistic, Need, Statistics
from gan.models.interpolation import lerp, slerp
from gan.models.latent_space import SpaceName, open_space
from gan.nn.pretrained.base import FeatureMaps, feature_distances
from gan.types import select_rows

__all__ = ["PerceptualPathLength", "mean_between_percentiles", "perceptual_path_lengths"]

BLOCK, BATCH = 256, 32  # paths whose inputs are drawn at once, and whose images are


class PerceptualPathLength(Measure):
    """Mean perceptual length of paths between samples; see ``perceptual_path_lengths``.

    The mean is of the lengths between the percentiles 1 and 99, as in the authors' code. They use VGG16 with LPIPS's
    weights, so that lengths in another network's features compare runs with each other, not with published numbers.

    Args:
        network: Constructor of the network.
        space: Space of the paths, by which the score is named.
        num_paths: Number of paths.
        epsilon: Length of the steps, as a share of a path.
    """

    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False

    def __init__(
        self,
        network: Callable[[], FeatureMaps],
        space: SpaceName = "z",
        num_paths: SampleCount = 1000,
        epsilon: Fraction = 1e-4,
    ) -> None:
        self.make_network = network
        self.space, self.num_paths, self.epsilon = space, num_paths, epsilon

    @cached_property
    def network(self) -> FeatureMaps:
        """The network, which is loaded on first use."""
        return self.make_network().requires_grad_(False)

    @property
    def name(self) -> str:
        """Name of the score."""
        return f"ppl_{self.space}"

    @property
    def higher_is_better(self) -> dict[str, bool]:
        """Name of the score: lower is better."""
        return {self.name: False}

    @property
    def needs(self) -> frozenset[Need]:
        """Statistics of the generator that it uses."""
        return frozenset({GeneratorStatistic(self.name, self._lengths, paths=True)})

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol, with a hash of the weights."""
        network = {"network": self.network.name, "weights": self.network.weights_digest}
        return {**network, "num_paths": self.num_paths, "epsilon": self.epsilon}

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {self.name: mean_between_percentiles(fake.tensors[self.name])[0]}

    def _lengths(self, source: SampleSource) -> Tensor:
        network, indices = self.network.to(source.model.device), rank_range(self.num_paths)
        return perceptual_path_lengths(source, network, indices, self.num_paths, self.space, self.epsilon)


def mean_between_percentiles(lengths: Tensor) -> tuple[float, int]:
    """Return the mean of the values, with shape (N,), between the percentiles 1 and 99, and their number."""
    low, high = lengths.quantile(0.01), lengths.quantile(0.99)
    kept = lengths[(low <= lengths) & (lengths <= high)]
    return float(kept.mean()), len(kept)


@torch.no_grad()
def perceptual_path_lengths(
    source: SampleSource, network: FeatureMaps, indices: range, num: int, space: SpaceName, epsilon: float
) -> Tensor:
    r"""Return the squared perceptual length of paths, float32 with shape (len(indices),).

    .. math:: d\bigl(G(\gamma(t)), G(\gamma(t + \epsilon))\bigr) / \epsilon^2, \quad t \sim U(0, 1)

    with paths on a great circle for z, and straight ones for w (Karras et al., 2019, Eqs. 2 and 3). Path n leads from
    sample n to the z of sample ``num + n``, with the class and noise of its start.

    Args:
        source: The model, and the seed of the samples.
        network: Network whose features are compared.
        indices: Numbers of the paths.
        num: Number of all paths.
        space: Space of the paths.
        epsilon: Length of the steps, as a share of a path.

    Raises:
        UserError: If the model has no such space, or needs a condition.
    """
    model, use_ema, seed = source.model, source.use_ema, source.seed
    latent, path = open_space(model, use_ema, space), lerp if space == "w" else slerp
    places = torch.rand(num, 1, generator=torch.Generator().manual_seed(seed)).to(model.device)
    lengths = []
    with model.inference_network(use_ema) as generator:
        for first in range(indices.start, indices.stop, BLOCK):
            last = min(first + BLOCK, indices.stop)
            starts = model.sample_input(range(first, last), seed)
            ends = starts._replace(z=model.sample_input(range(num + first, num + last), seed).z)
            ends_of_steps = [places[first:last], places[first:last] + epsilon]
            vectors = [path(latent.vectors(starts), latent.vectors(ends), t) for t in ends_of_steps]
            for row in range(0, last - first, BATCH):
                rows = slice(row, row + BATCH)
                inputs = (latent.replace(select_rows(starts, rows), x[rows]) for x in vectors)
                images, others = (model.run_generator(generator, x).images for x in inputs)
                lengths.append(feature_distances(network, images, others).cpu() / epsilon**2)
    return torch.cat(lengths) if lengths else torch.empty(0)
