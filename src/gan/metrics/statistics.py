"""Statistics of a set of images for the measures, accumulated batch by batch over all ranks."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from gan.distributed.group import gather_rows, sum_over_ranks
from gan.errors import UserError
from gan.features.base import FeatureExtractor
from gan.float64 import float64_device, to_float64
from gan.metrics.sampled import SampleSource
from gan.types import Samples

__all__ = [
    "FEATURE_NEEDS",
    "GeneratorStatistic",
    "Need",
    "PairStatistic",
    "PixelStatistic",
    "Statistics",
    "gather",
    "needs_generator",
    "needs_paths",
    "needs_samples",
    "needs_targets",
    "tensor_names",
]


class PixelStatistic(NamedTuple):
    """Numbers that a measure computes from the pixels of each image, without the feature extractor.

    Attributes:
        name: Its key in the statistics and in their cache; change it whenever the values change.
        compute: Maps images as the data module returns them, with shape (B, C, H, W), to float32 with shape (B, ...).
        summed: Whether only the sum over images is kept, in float64 and without the first dimension.
    """

    name: str
    compute: Callable[[Tensor], Tensor]
    summed: bool = False


class PairStatistic(NamedTuple):
    """Numbers that a measure computes from the pixels of each image and of its target.

    Attributes:
        name: Its key in the statistics.
        compute: Maps images and their targets, both as the data module returns them, with shape (B, C, H, W), to
            float32 with shape (B, ...).
        by_row: Whether ``compute`` is given the indices of the held-out rows in the place of targets, with shape (B,).
    """

    name: str
    compute: Callable[[Tensor, Tensor], Tensor]
    by_row: bool = False


class GeneratorStatistic(NamedTuple):
    """Numbers that a measure computes with the generator itself, such as likelihoods of held-out rows.

    Attributes:
        name: Its key in the statistics.
        compute: Maps a source of samples to this rank's rows, float32 with shape (rows, ...).
        paths: Whether they are of paths between latent vectors, which are shortest where all samples are equal.
    """

    name: str
    compute: Callable[[SampleSource], Tensor]
    paths: bool = False


Need = (
    Literal["sums", "vectors", "logits", "modes", "labels", "images", "condition", "sentences"]
    | PixelStatistic
    | PairStatistic
    | GeneratorStatistic
)
"""Statistics that a measure needs. ``sums`` and ``modes`` stand for two tensors each.

``condition`` is the condition of each image, a tensor, and ``sentences`` its vector by the feature extractor.
"""

TENSOR_PAIRS: Mapping[Need, tuple[str, ...]] = {"sums": ("total", "outer"), "modes": ("predictions", "top_logits")}
FEATURE_NEEDS: frozenset[Need] = frozenset({"sums", "vectors", "logits", "modes", "sentences"})


def needs_targets(needs: Iterable[Need]) -> bool:
    """Return whether some needs compare each image with its target."""
    return any(isinstance(need, PairStatistic) for need in needs)


def needs_generator(needs: Iterable[Need]) -> bool:
    """Return whether some needs are computed with the generator itself."""
    return any(isinstance(need, GeneratorStatistic) for need in needs)


def needs_paths(needs: Iterable[Need]) -> bool:
    """Return whether some needs are computed on paths between latent vectors."""
    return any(isinstance(need, GeneratorStatistic) and need.paths for need in needs)


def needs_samples(needs: Iterable[Need]) -> bool:
    """Return whether some needs are computed from samples."""
    return not all(isinstance(need, GeneratorStatistic) for need in needs)


@dataclass(frozen=True)
class Statistics:
    """Number of images, and the statistics that the measures asked for.

    Attributes:
        count: Number of images N.
        tensors: Statistics by name, those below and pixel statistics. One that was not asked for raises KeyError.
    """

    count: int
    tensors: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def total(self) -> Tensor:
        """Sum of the feature vectors, float64, with shape (F,)."""
        return self.tensors["total"]

    @property
    def outer(self) -> Tensor:
        """Sum of the feature vectors' outer products, float64, with shape (F, F)."""
        return self.tensors["outer"]

    @property
    def vectors(self) -> Tensor:
        """Feature vectors, float32, with shape (N, F)."""
        return self.tensors["vectors"]

    @property
    def logits(self) -> Tensor:
        """Logits of the classes or modes, float32, with shape (N, K)."""
        return self.tensors["logits"]

    @property
    def predictions(self) -> Tensor:
        """Most likely classes or modes, int64, with shape (N,)."""
        return self.tensors["predictions"]

    @property
    def top_logits(self) -> Tensor:
        """Logits of the predictions, float32, with shape (N,)."""
        return self.tensors["top_logits"]

    @property
    def labels(self) -> Tensor:
        """True classes of real images, requested classes of generated ones, int64, with shape (N,)."""
        return self.tensors["labels"]

    @property
    def images(self) -> Tensor:
        """Images as the data module returns them, with shape (N, C, H, W)."""
        return self.tensors["images"]

    @classmethod
    def of(
        cls,
        vectors: Tensor,
        logits: Tensor | None = None,
        labels: Tensor | None = None,
        pixel_statistics: Mapping[str, Tensor] | None = None,
    ) -> "Statistics":
        """Compute all statistics of feature vectors in memory, with shape (N, F)."""
        exact = vectors.double()
        tensors = {"total": exact.sum(0), "outer": exact.T @ exact}
        tensors |= _per_image(vectors, logits) | dict(pixel_statistics or {})
        if labels is not None:
            tensors["labels"] = labels
        return cls(len(vectors), tensors)


@torch.no_grad()
def gather(
    features: FeatureExtractor,
    batches: Iterable[Samples],
    needs: Collection[Need],
    device: torch.device,
    source: SampleSource | None = None,
) -> Statistics:
    """Compute the statistics of the images of all ranks; no image stays in memory unless ``images`` are needed.

    If all needs are computed with the generator itself, the images are not used.

    Args:
        features: Maps images to features.
        batches: This rank's images as the data module returns them, and their labels.
        needs: Statistics to compute.
        device: Device of the computation.
        source: Model that the images are samples of; None for other images.

    Raises:
        UserError: If a need has no target or generator.
    """
    of_generator = [need for need in needs if isinstance(need, GeneratorStatistic)]
    of_generator.sort(key=lambda need: need.name)  # all ranks gather them in one order, which that of a set is not
    if of_generator and not needs_samples(needs):
        batches = ()
    count, size = 0, features.num_features
    total, outer = (
        torch.zeros(shape, dtype=torch.float64, device=float64_device(device)) for shape in (size, (size, size))
    )
    pixel_statistics = [need for need in needs if isinstance(need, PixelStatistic)]
    sums: dict[str, list[Tensor]] = {name: [] for name, _, summed in pixel_statistics if summed}
    use_features = not FEATURE_NEEDS.isdisjoint(needs)
    names = tensor_names(need for need in needs if need != "sums" and need not in of_generator)
    rows: dict[str, list[Tensor]] = {name: [] for name in names if name not in sums}
    for batch in batches:
        images = batch.images.to(device)
        count += len(images)
        values = {"labels": batch.labels, "images": images}
        values |= {name: compute(images) for name, compute, _ in pixel_statistics}
        values |= _compare_with_targets(images, batch, needs)
        if not {"condition", "sentences"}.isdisjoint(needs):
            values["condition"] = _condition_of(batch)
            values["sentences"] = features.encode_condition(values["condition"].to(device))
        if use_features:
            vectors, logits = features(images)
            values |= _per_image(vectors, logits)
            if "sums" in needs:
                exact = to_float64(vectors)
                total += exact.sum(0)
                outer += exact.T @ exact
        for name, kept in rows.items():
            kept.append(values[name].cpu())
        for name, parts in sums.items():
            parts.append(values[name].cpu().double().sum(0, keepdim=True))
    count = int(sum_over_ranks(torch.tensor(count, device=device)))
    tensors = {name: gather_rows(kept) for name, kept in rows.items()}
    tensors |= {name: gather_rows(parts).sum(0) for name, parts in sums.items()}
    for need in of_generator:
        if source is None:
            raise UserError(f"{need.name} is a score of a model itself, and there are samples alone")
        tensors[need.name] = gather_rows([need.compute(source)])
    if "sums" in needs:
        tensors |= {"total": sum_over_ranks(total).cpu(), "outer": sum_over_ranks(outer).cpu()}
    return Statistics(count, tensors)


def _condition_of(batch: Samples) -> Tensor:
    """Return the condition of images.

    Raises:
        UserError: If they have none that is a single tensor.
    """
    if not isinstance(batch.condition, Tensor):
        raise UserError("the metric compares each image with its sentence, and these images have none")
    return batch.condition


def _compare_with_targets(images: Tensor, batch: Samples, needs: Collection[Need]) -> dict[str, Tensor]:
    """Return the statistics of each image and its target.

    Raises:
        UserError: If the images have no targets, and a measure needs them.
    """
    found = dict[str, Tensor]()
    for need in needs:
        if isinstance(need, PairStatistic):
            targets = batch.row if need.by_row else batch.real
            if targets is None:
                raise UserError("the metric compares each image with its target, and these images have none")
            found[need.name] = need.compute(images, targets.to(images.device))
    return found


def tensor_names(needs: Iterable[Need]) -> list[str]:
    """Return the sorted names of the tensors that some needs stand for."""
    names = (
        (need.name,)
        if isinstance(need, PixelStatistic | PairStatistic | GeneratorStatistic)
        else TENSOR_PAIRS.get(need, (need,))
        for need in needs
    )
    return sorted(set(chain.from_iterable(names)))


def _per_image(vectors: Tensor, logits: Tensor | None) -> dict[str, Tensor]:
    """Return the statistics of each image's features."""
    if logits is None:
        return {"vectors": vectors}
    top_logits, predictions = logits.max(1)
    return {"vectors": vectors, "logits": logits, "predictions": predictions, "top_logits": top_logits}
