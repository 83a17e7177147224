"""Measures of class-conditional generators: quality within each class, and accuracy of the classes."""

from typing import ClassVar

from gan.errors import UserError
from gan.metrics.frechet import frechet_distance
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["ConditionalAccuracy", "IntraFrechet"]


class IntraFrechet(Measure):
    """Fréchet distance within a class, averaged over classes (intra FID; Miyato and Koyama, 2018, Section 4)."""

    higher_is_better: ClassVar[dict[str, bool]] = {"intra_fd": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"vectors", "labels"})
    needs_of_real: ClassVar[frozenset[Need]] = needs
    needs_labels: ClassVar[bool] = True

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        distances = []
        for label in sorted({*real.labels.tolist(), *fake.labels.tolist()}):
            real_vectors, fake_vectors = (x.vectors[x.labels == label] for x in (real, fake))
            if min(len(real_vectors), len(fake_vectors)) < 2:
                raise UserError(
                    f"class {label} has {len(real_vectors)} real and {len(fake_vectors)} generated images; "
                    "the Fréchet distance within it needs at least 2 of each"
                )
            distances.append(frechet_distance(Statistics.of(real_vectors), Statistics.of(fake_vectors)))
        return {"intra_fd": sum(distances) / len(distances)}


class ConditionalAccuracy(Measure):
    """Share of generated images that a classifier assigns to the requested class (Odena et al., 2017, Section 4)."""

    higher_is_better: ClassVar[dict[str, bool]] = {"accuracy": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"modes", "labels"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    needs_labels: ClassVar[bool] = True

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {"accuracy": float((fake.predictions == fake.labels).double().mean())}
