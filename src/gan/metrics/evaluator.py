"""Samples against a data set's real images: what ``metric=...`` builds."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from gan.data.base import ImageDataModule, Split
from gan.distributed.group import barrier, rank_and_world
from gan.errors import UserError
from gan.features.base import FeatureExtractor
from gan.metrics.measure import Measure
from gan.metrics.reference import noise_reference, reference
from gan.metrics.statistics import Need, Statistics, gather
from gan.types import Batch

__all__ = ["Evaluator"]

WITH_INCEPTION = {"fd": "fid", "kd": "kid", "kd_std": "kid_std", "is": "inception_score", "mifd": "mifid"}
WITH_INCEPTION |= {"is_std": "inception_score_std", "intra_fd": "intra_fid"}


class Evaluator:
    """Measures on one extractor's features, which each image goes through once.

    Args:
        features: Maps images to features.
        measures: What is computed from them; runs are compared by the first. None entries are left out.
        num_samples: Number of generated images that scores are computed from.
        split: The real images that they are compared with.
        cache: The folder that the real images' statistics are kept in; where None, the user's cache folder.

    Raises:
        ValueError: If there is no measure or no sample.
    """

    def __init__(
        self,
        features: FeatureExtractor,
        measures: Mapping[str, Measure | None],
        num_samples: int = 10_000,
        split: Split = "train",
        cache: str | None = None,
    ) -> None:
        self.features = features
        self.named = {name: measure for name, measure in measures.items() if measure is not None}
        self.measures = list(self.named.values())
        if not self.measures:
            raise ValueError("there is no measure: choose some, as in metric=frechet")
        if num_samples < 2:
            raise ValueError(f"num_samples must be at least 2, not {num_samples}")
        self.num_samples, self.split, self.cache = num_samples, split, cache
        self.needs: frozenset[Need] = frozenset().union(*(measure.needs for measure in self.measures))
        self.needs_of_real: frozenset[Need] = frozenset().union(*(measure.needs_of_real for measure in self.measures))
        self.device = torch.device("cpu")
        self.real: Statistics | None = None

    @property
    def name(self) -> str:
        """The score that runs are compared by; ``fid`` with Inception's features alone."""
        return next(iter(self.higher_is_better))

    @property
    def higher_is_better(self) -> dict[str, bool]:
        """Every score by name, and whether more of it is better."""
        directions = [(measure, *item) for measure in self.measures for item in measure.higher_is_better.items()]
        return {self._public_name(measure, name): higher for measure, name, higher in directions}

    @property
    def needs_labels(self) -> bool:
        """Whether samples must be of wanted classes."""
        return any(measure.needs_labels for measure in self.measures)

    @property
    def protocol(self) -> dict[str, Any]:
        """All that decides the scores beside the generator."""
        assert self.real is not None, "prepare() comes first"
        real = {"real_images": self.real.count, "real_split": self.split}
        settings = {name: measure.settings for name, measure in self.named.items()}
        return {**real, "fake_images": self.num_samples, "measures": settings, **self.features.protocol}

    def prepare(self, data: ImageDataModule, device: torch.device) -> None:
        """Get the extractor ready, and the real images' statistics.

        Raises:
            UserError: If the extractor or a measure do not suit the data.
        """
        rank = rank_and_world()[0]
        if rank == 0:  # it may train and keep something, which the others then load
            self.features.prepare(data)
        barrier()
        if rank > 0:
            self.features.prepare(data)
        name, classes = self.features.name, self.features.num_classes
        if self.needs & {"logits", "modes"} and not classes:
            raise UserError(f"metric/features={name} tells no classes apart, which the metric needs")
        if "modes" in self.needs and classes != data.num_classes:
            raise UserError(f"metric/features={name} tells {classes} classes apart, not the data's {data.num_classes}")
        self.device = device
        self.features.to(device).eval()
        self.features.to(memory_format=torch.channels_last)  # one and a half times as fast on CPUs
        self.real = reference(self.features, data, self.split, self.needs_of_real, device, self.cache)

    def baselines(self, data: ImageDataModule) -> dict[str, float]:
        """Score held-out real images and noise, between which every generator lies, by the main score.

        There are no more of them than are generated.
        """
        main = self.measures[:1]
        settings = main[0].needs, self.device, self.cache
        held_out = reference(self.features, data, "test", *settings, limit=self.num_samples)
        noise = noise_reference(self.features, data, self.num_samples, *settings)
        return {
            "held_out": self._score(held_out, main)[self.name],
            "held_out_images": held_out.count,
            "noise": self._score(noise, main)[self.name],
            "noise_images": noise.count,
        }

    def __call__(self, batches: Iterable[Batch]) -> dict[str, float]:
        """Score images, given as the data set holds its own; each rank gives its share of them.

        Returns:
            Every measure's scores by name, the same on all ranks.
        """
        return self._score(gather(self.features, batches, self.needs, self.device), self.measures)

    def _score(self, fake: Statistics, measures: list[Measure]) -> dict[str, float]:
        assert self.real is not None, "prepare() comes first"
        scores = {
            self._public_name(measure, name): score
            for measure in measures
            for name, score in measure(self.real, fake).items()
        }
        assert scores.keys() <= self.higher_is_better.keys(), "a measure names all its scores"
        return scores

    def _public_name(self, measure: Measure, name: str) -> str:
        if self.features.name == "inception":
            return WITH_INCEPTION.get(name, name)
        return f"{name}_{self.features.name}" if measure.named_after_features else name
