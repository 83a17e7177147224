"""Classification accuracy score: accuracy on real images of a classifier that is trained on generated ones."""

from typing import ClassVar

import torch
from torch import Tensor

from gan.bounds import PositiveInt
from gan.data.base import Split
from gan.errors import UserError
from gan.features.classifier import MIN_IMAGE_SIZE, build_classifier, train_classifier
from gan.images import from_uint8
from gan.keyed_random import temporary_seed
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, Statistics

__all__ = ["ClassificationAccuracyScore"]

BATCH_SIZE = 256


class ClassificationAccuracyScore(Measure):
    """Accuracy on held-out real images of a classifier trained on labelled generated images (Ravuri and Vinyals, 2019).

    The classifier has the network and the training of ``gan.features.classifier``, from a fixed seed, instead of the
    paper's ResNet-50. The same classifier trained on real images gives the score to compare with. The scores are the
    accuracy over all images, CAS, and that of the class with the lowest.

    Args:
        steps: Updates of the classifier, each on 64 generated images.
        split: Split of the real images that it is tested on. The training images would also reward copies of them.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"cas": True, "cas_worst_class": True}
    needs: ClassVar[frozenset[Need]] = frozenset({"images", "labels"})
    needs_of_real: ClassVar[frozenset[Need]] = needs
    needs_labels: ClassVar[bool] = True
    named_after_features: ClassVar[bool] = False

    def __init__(self, steps: PositiveInt = 600, split: Split = "test") -> None:
        self.steps, self.split = steps, split

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        if min(fake.images.shape[-2:]) < MIN_IMAGE_SIZE:
            raise UserError(f"metric=cas trains a classifier of images of {MIN_IMAGE_SIZE} pixels or more")
        if len(real.labels.unique()) < 2:
            raise UserError("metric=cas classifies real images, but the real images have no classes")
        num_classes = 1 + max(int(real.labels.max()), int(fake.labels.max()))
        correct = self._predict(fake, num_classes, real.images) == real.labels
        by_class = [float(correct[real.labels == label].double().mean()) for label in real.labels.unique()]
        return {"cas": float(correct.double().mean()), "cas_worst_class": min(by_class)}

    def _predict(self, fake: Statistics, num_classes: int, images: Tensor) -> Tensor:
        """Train a classifier on generated images, and return the classes that it predicts of others."""
        with temporary_seed(0), torch.inference_mode(False), torch.enable_grad():
            classifier = build_classifier(fake.images.shape[1], num_classes)
            train_classifier(classifier, fake.images, fake.labels, self.steps)
        with torch.no_grad():
            return torch.cat([classifier(from_uint8(part)).argmax(1) for part in images.split(BATCH_SIZE)])
