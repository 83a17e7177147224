"""Classification accuracy score where it is known, and the images that it is tested on."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from gan.data.base import ImageDataModule, Split, TensorImages
from gan.errors import UserError
from gan.features.base import FeatureExtractor
from gan.metrics.classification_accuracy import ClassificationAccuracyScore
from gan.metrics.evaluator import Evaluator
from gan.metrics.frechet import Frechet
from gan.metrics.statistics import Statistics
from gan.types import Samples

SIZE = 8


def squares(labels: Tensor, seed: int = 0, noise: int = 40) -> Tensor:
    """Return noisy images with a bright quadrant, one per label 0 to 3, uint8 with shape (N, 1, 8, 8)."""
    images = torch.randint(noise, (len(labels), 1, SIZE, SIZE), generator=torch.Generator().manual_seed(seed))
    for image, label in zip(images, labels.tolist(), strict=True):
        image[:, 4 * (label // 2) :, 4 * (label % 2) :][:, :4, :4] += 200
    return images.to(torch.uint8)


def statistics(labels: Tensor, images: Tensor | None = None, seed: int = 0) -> Statistics:
    images = squares(labels, seed) if images is None else images
    return Statistics(len(labels), {"images": images, "labels": labels})


FOUR = torch.arange(80) % 4
MEASURE = ClassificationAccuracyScore(steps=60)


def test_generated_images_like_the_real_ones() -> None:
    real = statistics(FOUR, seed=1)
    expected = {"cas": 1.0, "cas_worst_class": 1.0}
    assert MEASURE(real, statistics(FOUR)) == expected
    torch.manual_seed(5)
    state = torch.get_rng_state()
    with torch.inference_mode():  # as an evaluation in training
        assert MEASURE(real, statistics(FOUR)) == expected
    assert torch.equal(torch.get_rng_state(), state), "the caller's random numbers are untouched"


def test_a_generator_of_wrong_classes() -> None:
    """Classes 0 and 1 are swapped: a score of features sees nothing, and half of the real images are misclassified."""
    swapped = torch.tensor([1, 0, 2, 3])[FOUR]
    fake = statistics(swapped, squares(FOUR))
    assert MEASURE(statistics(FOUR, seed=1), fake) == {"cas": 0.5, "cas_worst_class": 0.0}


def test_a_class_that_is_not_generated() -> None:
    scores = MEASURE(statistics(FOUR, seed=1), statistics(FOUR[FOUR > 0]))
    assert scores == {"cas": 0.75, "cas_worst_class": 0.0}


def test_wrong_images() -> None:
    small = statistics(torch.arange(4), torch.zeros(4, 1, 1, 2, dtype=torch.uint8))
    with pytest.raises(UserError, match="images of 8 pixels or more"):
        MEASURE(small, small)
    with pytest.raises(UserError, match="the real images have no classes"):
        MEASURE(statistics(torch.zeros(4, dtype=torch.long)), statistics(torch.arange(4)))


class Squares(ImageDataModule):
    """Bright quadrants; in the training images they are those of the next class."""

    def load(self, split: Split) -> TensorImages:
        return TensorImages(squares((FOUR + (split == "train")) % 4, seed=len(split)), FOUR)


@pytest.mark.parametrize(("split", "expected"), [("test", 1.0), ("train", 0.0)])
def test_it_has_its_own_split_beside_other_metrics(tmp_path: Path, split: Split, expected: float) -> None:
    def forbidden(_data: ImageDataModule) -> FeatureExtractor:
        pytest.fail("features were loaded")

    measure = ClassificationAccuracyScore(60, split)
    data = Squares(image_size=SIZE, channels=1, num_classes=4)
    evaluator = Evaluator(forbidden, {"cas": measure}, num_samples=80, cache=str(tmp_path))
    assert Evaluator(forbidden, {"fd": Frechet(), "cas": measure}).real_splits("train")["train"] >= {"sums"}
    prepared = evaluator.prepare(data, torch.device("cpu"))
    assert prepared([Samples(squares(FOUR), FOUR)])["cas"] == expected
    assert prepared.protocol["measures"] == {"cas": {"steps": 60, "split": split}}
    assert prepared.protocol["real_split"] == "train"
    assert prepared.baselines()["held_out"] == 0, "the classifier of the other split's images"
    assert prepared.baselines()["noise"] < 0.6
    assert list(tmp_path.iterdir()) == [], "images are not cached"
