"""Measurements of chapter 8: scores of spoilt sets, by number of samples, extractor and resizing."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from pandas import DataFrame
from torch import Tensor

from gan.course.chapter import Tables
from gan.course.spoilt_sets import RESIZED, SpoiltSet, draw_sets, load_digits, render
from gan.data.mnist5k import MNIST5k
from gan.features.base import Features
from gan.features.classifier import Classifier
from gan.features.efficientnet import EfficientNetLite0
from gan.images import from_uint8
from gan.metrics.classification_accuracy import ClassificationAccuracyScore
from gan.metrics.frechet import Frechet
from gan.metrics.inception_score import InceptionScore
from gan.metrics.kernel import Kernel
from gan.metrics.measure import Measure
from gan.metrics.memorization import MiFID, memorization_distance
from gan.metrics.nearest_neighbor_accuracy import NearestNeighborAccuracy
from gan.metrics.prdc import PRDC
from gan.metrics.statistics import Statistics

__all__ = ["EXTRACTORS", "SIZES", "measure"]

EXTRACTORS = ("classifier", "pixels", "efficientnet_lite0")
SIZES = (125, 250, 500, 1000, 2000)
DISTANCES: tuple[Measure, ...] = (Frechet(), Kernel(10, 1000))
MEASURES = (*DISTANCES, PRDC(), NearestNeighborAccuracy())
BATCH = 250
TESTED = 500  # real images that CAS is tested on


class Plan(NamedTuple):
    """Sizes of the measurement.

    Attributes:
        draws: Draws of the ladder, with the classifier's features.
        size: Training images of a draw, and images of a set.
        few_draws: Draws of what takes longer: CAS, and other extractors.
        few: Images of a set for other extractors.
        steps: Updates of CAS's classifier.
    """

    draws: int = 10
    size: int = SIZES[-1]
    few_draws: int = 5
    few: int = 400
    steps: int = 600


def measure(short: bool) -> Tables:
    """Score the ladder with each measure, over sizes, extractors and renderings."""
    plan = Plan(draws=2, size=250, few_draws=2, few=24, steps=10) if short else Plan()
    images, labels = load_digits()
    data = MNIST5k(image_size=28, channels=1, num_classes=10)
    classifier = Classifier(data)
    features = {name: extract(classifier, render(images, name)) for name in ("clean", "blur", "noise")}
    ladder, sizes = [], []
    for draw in range(plan.draws):
        training, sets, rest = draw_sets(labels, plan.size, draw)
        real = select(features["clean"], training)
        for name, spoilt in sets.items():
            fake = of_set(features, spoilt)
            row = {"draw": draw, "set": name, **scores(real, fake), **MiFID()(real, fake)}
            row["cosine"] = memorization_distance(real.vectors, fake.vectors)
            if draw < plan.few_draws:
                row["cas"] = accuracy(images, labels, spoilt, rest[:TESTED], plan.steps)
            ladder.append(row)
            for size in (n for n in SIZES if n <= plan.size and name in ("held_out", "noise")):
                part = spoilt._replace(indices=spoilt.indices[:size])
                sizes.append({"draw": draw, "set": name, "size": size, **scores(real, of_set(features, part))})
    return {"ladder": DataFrame(ladder), "sizes": DataFrame(sizes), **compare_extractors(images, labels, data, plan)}


def compare_extractors(images: Tensor, labels: Tensor, data: MNIST5k, plan: Plan) -> Tables:
    """Score fewer images with each extractor: the ladder, and renderings of real images."""
    pool = round(2.25 * plan.few)
    images, labels = images[:pool], labels[:pool]
    extractors: dict[str, Callable[[Tensor], Features]] = {
        "classifier": Classifier(data),
        "pixels": lambda batch: Features(from_uint8(batch).flatten(1)),
        "efficientnet_lite0": EfficientNetLite0(data).to(memory_format=torch.channels_last),
    }
    ladder, resized = [], []
    for extractor in EXTRACTORS:
        renderings = ["blur", "noise", *RESIZED]
        features = {name: extract(extractors[extractor], render(images, name)) for name in renderings}
        for draw in range(plan.few_draws):
            training, sets, _ = draw_sets(labels, plan.few, draw)
            key = {"extractor": extractor, "draw": draw}
            real = select(features["clean"], training)
            ladder += [
                {**key, "set": name, **scores(real, of_set(features, spoilt))}
                for name, spoilt in sets.items()
                if name != "labels"
            ]
            small = select(features["antialiased"], training)
            for name in RESIZED:
                fake = select(features[name], sets["held_out"].indices)
                unchanged = real if name == "clean" or name.startswith("jpeg") else small
                resized.append({**key, "images": name, **scores(unchanged, fake, DISTANCES)})
    return {"extractors": DataFrame(ladder), "resizing": DataFrame(resized)}


@torch.no_grad()
def extract(extractor: Callable[[Tensor], Features], images: Tensor) -> Features:
    """Return the features of all images."""
    parts = [extractor(part) for part in images.split(BATCH)]
    logits = [part.logits for part in parts if part.logits is not None]
    return Features(torch.cat([part.vectors for part in parts]), torch.cat(logits) if logits else None)


def select(features: Features, indices: Tensor) -> Statistics:
    """Return the statistics of some images."""
    return Statistics.of(features.vectors[indices], None if features.logits is None else features.logits[indices])


def of_set(features: Mapping[str, Features], spoilt: SpoiltSet) -> Statistics:
    """Return the statistics of a set."""
    return select(features[spoilt.rendering], spoilt.indices)


def scores(real: Statistics, fake: Statistics, measures: Sequence[Measure] = MEASURES) -> dict[str, float]:
    """Score a set with some measures; with all of them, and logits, with the Inception Score too."""
    found = {name: value for measure in measures for name, value in measure(real, fake).items()}
    if measures is MEASURES and "logits" in fake.tensors:
        found |= InceptionScore(splits=10)(real, fake)
    return {name: value for name, value in found.items() if not name.endswith(("_std", "_deviation"))}


def accuracy(images: Tensor, labels: Tensor, spoilt: SpoiltSet, test: Tensor, steps: int) -> float:
    """Return the classification accuracy score of a set on images that it does not contain."""
    fake = {"images": render(images[spoilt.indices], spoilt.rendering), "labels": spoilt.labels}
    real = {"images": images[test], "labels": labels[test]}
    measured = ClassificationAccuracyScore(steps)(Statistics(len(test), real), Statistics(len(spoilt.indices), fake))
    return measured["cas"]
