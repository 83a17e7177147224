"""Whether a conditional generator's images are of the classes that were asked for, and good within each."""

from typing import ClassVar

from gan.errors import UserError
from gan.metrics.frechet_distance import frechet_distance
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["ConditionalAccuracy", "IntraFrechet"]


class IntraFrechet(Measure):
    """Mean, over classes, of the Fréchet distance within a class (intra FID; Miyato and Koyama, 2018, Section 4)."""

    higher_is_better: ClassVar[dict[str, bool]] = {"intra_fd": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"vectors", "labels"})
    needs_of_real: ClassVar[frozenset[Need]] = needs
    needs_labels: ClassVar[bool] = True

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        assert real.vectors is not None
        assert fake.vectors is not None
        assert real.labels is not None
        assert fake.labels is not None
        distances = []
        for label in sorted({*real.labels.tolist(), *fake.labels.tolist()}):
            of_real, of_fake = real.vectors[real.labels == label], fake.vectors[fake.labels == label]
            if min(len(of_real), len(of_fake)) < 2:
                raise UserError(
                    f"class {label} has {len(of_real)} real and {len(of_fake)} generated images; "
                    "the Fréchet distance within it needs at least 2 of each"
                )
            distances.append(frechet_distance(Statistics.of(of_real), Statistics.of(of_fake)))
        return {"intra_fd": sum(distances) / len(distances)}


class ConditionalAccuracy(Measure):
    """Share of generated images that a classifier takes for the wanted class (Odena et al., 2017, Section 4)."""

    higher_is_better: ClassVar[dict[str, bool]] = {"accuracy": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"modes", "labels"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    needs_labels: ClassVar[bool] = True

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        assert fake.classes is not None
        assert fake.labels is not None
        return {"accuracy": float((fake.classes == fake.labels).double().mean())}
