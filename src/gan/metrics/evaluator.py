"""Evaluation of generated images against a data set's real images: the object that ``metric=...`` builds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from gan.bounds import SampleCount
from gan.data.base import ImageDataModule
from gan.data.module import DataModule, Split
from gan.distributed.group import rank_zero_first
from gan.errors import UserError
from gan.features.base import FeatureExtractor, MakeExtractor
from gan.features.none import NoFeatures
from gan.metrics.measure import Measure, advice_without_labels
from gan.metrics.reference import noise_statistics, real_statistics
from gan.metrics.sampled import SampledImages, SampleSource
from gan.metrics.statistics import (
    FEATURE_NEEDS,
    Need,
    Statistics,
    gather,
    needs_generator,
    needs_paths,
    needs_samples,
    needs_targets,
)
from gan.metrics.trivial import noise_beside_targets, trivial_samples
from gan.runs.folder import OutputPath
from gan.types import Samples

__all__ = ["Evaluator", "PreparedEvaluator"]

INCEPTION_NAMES = {"fd": "fid", "kd": "kid", "kd_std": "kid_std", "is": "inception_score", "mifd": "mifid"}
INCEPTION_NAMES |= {"is_std": "inception_score_std", "intra_fd": "intra_fid"}


class Evaluator:
    """Settings of an evaluation. ``prepare`` loads what it needs for a data set.

    Args:
        features: Constructor of the feature extractor for a data set.
        measures: Measures by name; runs are compared by the first. None entries are skipped.
        num_samples: Number of generated images; at most one per held-out row for a generator with a condition, so that
            no row counts twice.
        split: Split of the real images; None for ``test``, the targets, with a condition, and for ``train`` without.
        cache: Folder of the real images' statistics; None for the user's cache folder.

    Raises:
        ValueError: If there is no measure.
    """

    def __init__(
        self,
        features: MakeExtractor,
        measures: Mapping[str, Measure | None],
        num_samples: SampleCount = 10_000,
        split: Split | None = None,
        cache: OutputPath | None = None,
    ) -> None:
        self.make_features = features
        self.measures = {name: measure for name, measure in measures.items() if measure is not None}
        if not self.measures:
            raise ValueError("measures is empty: choose some, as in metric=frechet")
        self.num_samples, self.split, self.cache = num_samples, split, cache

    @property
    def needs(self) -> frozenset[Need]:
        """Statistics of the generated images that the measures use."""
        return frozenset().union(*(measure.needs for measure in self.measures.values()))

    @property
    def needs_of_real(self) -> frozenset[Need]:
        """Statistics of the real images that the measures use."""
        return frozenset().union(*(measure.needs_of_real for measure in self.measures.values()))

    def real_splits(self, split: Split) -> dict[Split, frozenset[Need]]:
        """Return the splits of the real images that the measures use, and what they use of each.

        Args:
            split: Split of the evaluation, which is always among them.
        """
        needs: dict[Split, frozenset[Need]] = {split: frozenset()}
        for measure in self.measures.values():
            of_measure = measure.split or split
            needs[of_measure] = needs.get(of_measure, frozenset()) | measure.needs_of_real
        return needs

    @property
    def needs_labels(self) -> bool:
        """Whether the samples must be of requested classes."""
        return any(measure.needs_labels for measure in self.measures.values())

    @property
    def needs_targets(self) -> bool:
        """Whether each sample is compared with its target."""
        return needs_targets(self.needs)

    @property
    def uses_features(self) -> bool:
        """Whether a score depends on the feature extractor, which is not loaded otherwise."""
        named = any(measure.named_after_features for measure in self.measures.values())
        return named or not FEATURE_NEEDS.isdisjoint(self.needs | self.needs_of_real)

    def check(self, sampled: SampledImages, reason: str) -> None:
        """Check that the measures fit the images.

        Args:
            sampled: Facts about the images.
            reason: Why the images have no classes or targets, if they have none.

        Raises:
            UserError: If a measure needs classes, targets or latent vectors that the images do not have.
        """
        alone = [name for name, measure in self.measures.items() if needs_generator(measure.needs)]
        if alone and not sampled.model:
            raise UserError(f"metric={alone[0]} scores a model itself, and there are samples alone")
        if self.needs_labels and not sampled.labels:
            advice = advice_without_labels(self.measures)
            raise UserError(f"the metric needs samples of requested classes, but {reason}; {advice}")
        if self.needs_targets and not sampled.targets:
            raise UserError(f"the metric compares each image with its target, but {reason}; metric=kernel needs none")
        if needs_paths(self.needs) and not sampled.latent:
            raise UserError(f"the metric follows paths between latent vectors alone, but {reason}")

    def _check_features(self, features: FeatureExtractor) -> None:
        for name, measure in self.measures.items():
            if measure.features not in (None, features.name):
                raise UserError(f"metric={name} needs metric/features={measure.features}, not {features.name}")
        if self.uses_features and not features.num_features:
            raise UserError(f"metric/features={features.name} has no features, which the metric needs")

    def prepare(self, data: DataModule, device: torch.device, requests: bool = False) -> "PreparedEvaluator":
        """Load the feature extractor and the real images' statistics.

        Args:
            data: Data module with the real images.
            device: Device of the feature extractor.
            requests: Whether samples are generated from the conditions of held-out rows.

        Raises:
            UserError: If the extractor or a measure does not fit the data.
        """
        measures = {name: measure.for_data(data.scored) for name, measure in self.measures.items()}
        settings = Evaluator(self.make_features, measures, self.num_samples, self.split, self.cache)
        make_features = self.make_features if self.uses_features else NoFeatures
        features = rank_zero_first(lambda: make_features(data.scored))  # it may train and cache its weights
        self._check_features(features)
        if self.needs & {"logits", "modes"} and not features.num_classes:
            raise UserError(f"metric/features={features.name} has no classes, which the metric needs")
        if "modes" in self.needs and features.num_classes != data.num_classes:
            raise UserError(
                f"metric/features={features.name} has {features.num_classes} classes, but the data has "
                f"{data.num_classes}"
            )
        features.to(device).eval()
        features.to(memory_format=torch.channels_last)  # 1.5 times as fast on CPUs
        split: Split = self.split or ("test" if requests else "train")
        num_samples = min(self.num_samples, data.num_requests) if requests else self.num_samples
        real = {
            one: real_statistics(features, data.scored, one, needs, device, self.cache)
            for one, needs in self.real_splits(split).items()
        }
        return PreparedEvaluator(settings, data, device, features, real, split, num_samples, requests)


@dataclass(frozen=True)
class PreparedEvaluator:
    """Measures of generated images; each image passes once through the feature extractor.

    Attributes:
        settings: The evaluation's settings.
        data: Data module with the real images.
        device: Device of the feature extractor.
        features: Maps images to features.
        real_by_split: Statistics of the real images by split.
        split: Split of the real images, for measures that name none.
        num_samples: Number of generated images.
        requests: Whether samples are generated from the conditions of held-out rows.
    """

    settings: Evaluator
    data: DataModule
    device: torch.device
    features: FeatureExtractor
    real_by_split: Mapping[Split, Statistics]
    split: Split = "train"
    num_samples: int = 10_000
    requests: bool = False

    @property
    def real(self) -> Statistics:
        """Statistics of the real images, for measures that name no split."""
        return self.real_by_split[self.split]

    @property
    def name(self) -> str:
        """Name of the main score, by which runs are compared; ``fid`` only with Inception features."""
        return next(iter(self.higher_is_better))

    @property
    def higher_is_better(self) -> dict[str, bool]:
        """Names of all scores, and whether higher is better."""
        return {
            self._public_name(measure, name): higher
            for measure in self.settings.measures.values()
            for name, higher in measure.higher_is_better.items()
        }

    @property
    def protocol(self) -> dict[str, Any]:
        """Settings that affect the scores, apart from the generator; for text, the split is that of the main score."""
        split, noun = self.split, dict[str, str]()
        if not isinstance(self.data, ImageDataModule):
            main = next(iter(self.settings.measures.values()))
            split, noun = main.split or split, {"noun": self.data.noun}
        return {
            **noun,
            "real_images": self.real_by_split[split].count,
            "real_split": split,
            "fake_images": self.num_samples if needs_samples(self.settings.needs) else 0,
            "measures": {name: measure.settings for name, measure in self.settings.measures.items()},
            **self.features.protocol,
        }

    def __call__(self, batches: Iterable[Samples], source: SampleSource | None = None) -> dict[str, float]:
        """Score generated images.

        Args:
            batches: This rank's part of the images, as the data module returns its own.
            source: Model that they are samples of; None for other images.

        Returns:
            All scores by name, equal on all ranks.
        """
        source = None if source is None else source._replace(data=self.data)
        fake = gather(self.features, batches, self.settings.needs, self.device, source)
        return self._score(fake, self.settings.measures.values())

    def baselines(self) -> dict[str, float]:
        """Return the main scores of noise, and of real images that generated ones are not compared with.

        A generator's score should lie between the two. Both use at most as many images as are generated. The real
        images are those of the other split; there are none for measures that compare each image with its target. There
        are none for likelihoods of the network either.

        Raises:
            UserError: If the main measure is one of the generator itself, which images have no score by.
        """
        main = next(iter(self.settings.measures.values()))
        if needs_paths(main.needs):
            raise UserError(
                f"runs cannot be compared by {self.name}, which is lowest where all samples are equal: name another "
                "metric first, as in 'metric=[frechet,ppl]'"
            )
        if needs_generator(main.needs):
            return {}
        num, cache = self.num_samples, self.settings.cache
        if needs_targets(main.needs) or "condition" in main.needs:
            noise = gather(self.features, noise_beside_targets(self.data, num), main.needs, self.device)
        else:
            noise = noise_statistics(self.features, self.data, num, main.needs, self.device, cache)
        scores = {"noise": self._score(noise, [main])[self.name], "noise_images": noise.count}
        if needs_targets(main.needs):
            return scores
        other: Split = "test" if (main.split or self.split) == "train" else "train"
        held_out = real_statistics(self.features, self.data.scored, other, main.needs, self.device, cache, limit=num)
        return {"held_out": self._score(held_out, [main])[self.name], "held_out_images": held_out.count} | scores

    def trivial_baselines(self) -> dict[str, dict[str, float]]:
        """Return the scores of the data's trivial generators by name, such as a copy of the source image.

        Scores of a model itself, such as likelihoods, are not among them.
        """
        measures = [one for one in self.settings.measures.values() if not needs_generator(one.needs)]
        needs = frozenset[Need]().union(*(measure.needs for measure in measures))
        return {
            name: self._score(gather(self.features, batches, needs, self.device), measures)
            for name, batches in trivial_samples(self.data, self.num_samples, self.requests).items()
        }

    def _score(self, fake: Statistics, measures: Iterable[Measure]) -> dict[str, float]:
        scores = {
            self._public_name(measure, name): score
            for measure in measures
            for name, score in measure(self.real_by_split[measure.split or self.split], fake).items()
        }
        assert scores.keys() <= self.higher_is_better.keys(), "higher_is_better must list every score of a measure"
        return scores

    def _public_name(self, measure: Measure, name: str) -> str:
        if self.features.name == "inception":
            return INCEPTION_NAMES.get(name, name)
        return f"{name}_{self.features.name}" if measure.named_after_features else name
