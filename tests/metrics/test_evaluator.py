"""Evaluation of images against a data set: closed forms, protocol, baselines and cached statistics."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.data.base import ImageDataModule, Split, TensorImages
from gan.data.mnist5k import MNIST5k
from gan.data.module import TrivialBaseline
from gan.data.trivial import copies
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features
from gan.features.classifier import Classifier
from gan.metrics.attributes import AttributeAccuracy
from gan.metrics.conditional import ConditionalAccuracy
from gan.metrics.evaluator import Evaluator, PreparedEvaluator
from gan.metrics.frechet import Frechet, warn_of_singular_covariance
from gan.metrics.kernel import Kernel
from gan.metrics.measure import Measure
from gan.metrics.modes import Modes
from gan.metrics.paired import L1
from gan.metrics.prdc import PRDC
from gan.metrics.r_precision import RPrecision
from gan.metrics.sampled import SampledImages
from gan.metrics.sharpness import GradientEnergy
from gan.metrics.statistics import Statistics, gather
from gan.models.sampler import Sampler
from gan.types import Request, Samples

CPU = torch.device("cpu")


class Pixels(FeatureExtractor):
    """The first two pixels of an image; counts the images that it is called with."""

    name = "pixels"
    num_features = 2

    def __init__(self, data: ImageDataModule) -> None:
        super().__init__()
        self.seen = 0

    def forward(self, images: Tensor) -> Features:
        self.seen += len(images)
        return Features(images.flatten(1)[:, :2].float())

    @property
    def protocol(self) -> dict[str, Any]:
        return {"features": self.name, "weights": "none", "resize": "none"}


class Gaussians(ImageDataModule):
    """Images with independent Gaussian pixels of mean 100 and standard deviation 20."""

    def load(self, split: Split) -> TensorImages:
        images = gaussian((100.0, 100.0), (20.0, 20.0), 50_000 if split == "train" else 5_000, seed=len(split))
        return TensorImages(images, torch.zeros(len(images)))


DATA = Gaussians(image_size=2, channels=1, num_classes=1)


def gaussian(mean: tuple[float, float], std: tuple[float, float], size: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(size, 2, generator=generator) * torch.tensor(std) + torch.tensor(mean)
    return values.round().clamp(0, 255).to(torch.uint8).view(size, 1, 1, 2).expand(size, 1, 2, 2)


def batches(images: Tensor, size: int = 1000) -> Iterator[Samples]:
    return (Samples(part, torch.zeros(len(part), dtype=torch.long)) for part in images.split(size))


def prepare(cache: Path, *measures: Any, data: ImageDataModule = DATA, **settings: Any) -> PreparedEvaluator:
    named = {type(measure).__name__: measure for measure in measures or (Frechet(),)}
    evaluator = Evaluator(Pixels, named, **({"num_samples": 50_000, "cache": str(cache)} | settings))
    return evaluator.prepare(data, CPU)


def seen(evaluator: PreparedEvaluator) -> int:
    """Return the number of images that the feature extractor was called with."""
    assert isinstance(evaluator.features, Pixels)
    return evaluator.features.seen


@pytest.fixture(scope="module")
def distance(tmp_path_factory: pytest.TempPathFactory) -> PreparedEvaluator:
    return prepare(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("mean", "std"), [((100.0, 100.0), (20.0, 20.0)), ((110.0, 100.0), (20.0, 20.0)), ((90.0, 120.0), (10.0, 30.0))]
)
def test_two_gaussians(distance: PreparedEvaluator, mean: tuple[float, float], std: tuple[float, float]) -> None:
    """For diagonal covariances: |m - m'|^2 + sum (s - s')^2 (Dowson and Landau, 1982)."""
    expected = sum((m - 100) ** 2 for m in mean) + sum((s - 20) ** 2 for s in std)
    images = gaussian(mean, std, 50_000, seed=9)
    assert distance(batches(images))["fd_pixels"] == pytest.approx(expected, rel=0.05, abs=0.1)


def test_calls_are_independent_of_each_other_and_of_the_batch_size(distance: PreparedEvaluator) -> None:
    images = gaussian((110.0, 100.0), (20.0, 20.0), 1000)
    first = distance(batches(images))
    assert distance(batches(images)) == first
    assert distance(batches(images, size=7))["fd_pixels"] == pytest.approx(first["fd_pixels"], rel=1e-12)


def test_one_pass_serves_all_measures_and_the_first_is_the_main_one(tmp_path: Path) -> None:
    evaluator = prepare(tmp_path, PRDC(), Frechet(), Kernel(subsets=2, subset_size=50), None, num_samples=500)
    before = seen(evaluator)
    scores = evaluator(batches(gaussian((100.0, 100.0), (20.0, 20.0), 500)))
    assert seen(evaluator) - before == 500
    assert list(scores) == [
        f"{name}_pixels" for name in ("precision", "recall", "density", "coverage", "fd", "kd", "kd_std")
    ]
    assert evaluator.name == "coverage_pixels"
    lower_is_better = [name for name, higher in evaluator.higher_is_better.items() if not higher]
    assert lower_is_better == ["fd_pixels", "kd_pixels", "kd_std_pixels"]


def test_names_baselines_and_protocol(distance: PreparedEvaluator) -> None:
    assert distance.name == "fd_pixels", "FID is the distance of Inception features alone"
    distance.features.name = "inception"
    assert distance.name == "fid"
    distance.features.name = "pixels"
    baselines = distance.baselines()
    assert baselines["held_out"] < 1
    assert baselines["noise"] > 1000
    assert (baselines["held_out_images"], baselines["noise_images"]) == (5000, 50_000)
    assert distance.protocol == {
        "real_images": 50_000,
        "real_split": "train",
        "fake_images": 50_000,
        "measures": {"Frechet": {}},
        "features": "pixels",
        "weights": "none",
        "resize": "none",
    }
    assert_close(torch.tensor(distance.baselines()["noise"]), torch.tensor(baselines["noise"]))


def test_statistics_of_real_images_are_cached(tmp_path: Path) -> None:
    first, second = prepare(tmp_path), prepare(tmp_path)
    images = gaussian((110.0, 100.0), (20.0, 20.0), 1000)
    assert (seen(first), seen(second)) == (50_000, 0)
    assert first(batches(images)) == second(batches(images))


def test_statistics_of_held_out_images_and_noise_are_cached(tmp_path: Path) -> None:
    """At most as many as are generated: another number, or another kind of noise, is computed anew."""

    def baselines(num_samples: int, data: Gaussians = DATA) -> tuple[int, dict[str, float]]:
        evaluator = prepare(tmp_path, num_samples=num_samples, data=data)
        before = seen(evaluator)
        scores = evaluator.baselines()
        return seen(evaluator) - before, scores

    computed, scores = baselines(3000)
    assert computed == 2500 + 3000, "every second one of 5000"
    assert baselines(3000) == (0, scores)
    assert baselines(600)[0] == 556 + 600

    class Darker(Gaussians):
        def noise(self, num: int, generator: torch.Generator) -> Tensor:
            return super().noise(num, generator) // 2

    computed, others = baselines(3000, Darker(image_size=2, channels=1, num_classes=1))
    assert computed == 3000
    assert others["noise"] != scores["noise"]
    assert others["held_out"] == scores["held_out"]


@pytest.mark.parametrize("measure", [Frechet(), Modes()])
def test_cached_statistics_need_no_real_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measure: Measure
) -> None:
    """The fingerprint of the images needs none either."""

    def evaluate() -> PreparedEvaluator:
        data = MNIST5k(image_size=28, channels=1, num_classes=10)
        evaluator = Evaluator(Classifier, {"measure": measure}, num_samples=10, cache=str(tmp_path)).prepare(data, CPU)
        evaluator.baselines()
        return evaluator

    first = evaluate()
    monkeypatch.setattr(MNIST5k, "load", lambda *_: pytest.fail("images were loaded"))
    assert evaluate().protocol == first.protocol


def test_each_set_of_statistics_has_its_own_file(tmp_path: Path) -> None:
    prepare(tmp_path)
    prepare(tmp_path, split="test")
    prepare(tmp_path, PRDC())
    prepare(tmp_path, Kernel(), PRDC(nearest_k=2))  # both need the same statistics as PRDC()
    other = Gaussians(image_size=2, channels=1, num_classes=1)
    other.splits["train"] = TensorImages(gaussian((0.0, 0.0), (1.0, 1.0), 100), torch.zeros(100))
    prepare(tmp_path, data=other)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "foreign", "moved"])
def test_a_damaged_or_foreign_file_is_replaced(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    expected = prepare(tmp_path).real
    (path,) = tmp_path.iterdir()
    content = torch.load(path, weights_only=True)
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    elif damage == "flipped":
        content["statistics"]["total"][0] += 1e-3
        torch.save(content, path)
    elif damage == "foreign":
        torch.save({"weights": torch.zeros(3)}, path)
    else:  # the file of another data set under this name
        torch.save(content | {"key": "another"}, path)
    evaluator = prepare(tmp_path)
    assert seen(evaluator) == 50_000
    assert "damaged" in caplog.text
    assert torch.equal(evaluator.real.total, expected.total)
    assert seen(prepare(tmp_path)) == 0, "the file was replaced"


def test_a_cache_that_cannot_be_written_gives_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    prepare(tmp_path / "file" / "folder")
    assert "cannot be cached" in caplog.text


def test_a_singular_covariance_gives_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    warn_of_singular_covariance.cache_clear()
    evaluator = prepare(tmp_path)
    for _ in range(2):
        evaluator(batches(gaussian((100.0, 100.0), (20.0, 20.0), 2)))
    assert caplog.text.count("covariance is singular") == 1


def test_a_limit_takes_evenly_spaced_images() -> None:
    """The first images of a folder may all be of its first class."""
    classes = torch.cat([torch.full((60, 2), value) for value in (0.0, 50.0, 100.0)])
    points = classes + torch.randn(180, 2, generator=torch.Generator().manual_seed(0))
    unlimited, limited = PRDC(limit=None), PRDC(limit=60)
    expected = unlimited(Statistics.of(points), Statistics.of(points))
    assert limited(Statistics.of(points), Statistics.of(points)) == expected
    last = Statistics.of(points[120:])
    assert limited(Statistics.of(points), last)["precision"] > 0.8


def test_an_extractor_with_other_classes_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pixels, "num_classes", 1000)
    with pytest.raises(UserError, match="pixels has 1000 classes, but the data has 1"):
        prepare(tmp_path, Modes())


@pytest.mark.parametrize("measure", [Modes(), ConditionalAccuracy()])
def test_an_extractor_without_classes_is_rejected(tmp_path: Path, measure: Any) -> None:
    with pytest.raises(UserError, match="pixels has no classes"):
        prepare(tmp_path, measure)


def test_an_evaluator_needs_a_measure() -> None:
    with pytest.raises(ValueError, match="metric=frechet"):
        Evaluator(features=Pixels, measures={})


def test_gathered_statistics_cover_all_images() -> None:
    images = gaussian((90.0, 120.0), (10.0, 30.0), 300)
    gathered = gather(Pixels(DATA), batches(images, size=70), ["sums", "vectors", "labels"], CPU)
    points = images.flatten(1)[:, :2].float()
    assert gathered.count == 300
    assert set(gathered.tensors) == {"total", "outer", "vectors", "labels"}
    assert_close(gathered.total, points.double().sum(0))
    assert_close(gathered.outer, points.double().T @ points.double())
    assert torch.equal(gathered.vectors, points)
    assert torch.equal(gathered.labels, torch.zeros(300, dtype=torch.long))
    assert_close(Statistics.of(points).outer, gathered.outer)


def test_features_are_computed_only_if_needed() -> None:
    extractor = Pixels(DATA)
    gathered = gather(extractor, batches(gaussian((90.0, 90.0), (1.0, 1.0), 50)), ["labels"], CPU)
    assert extractor.seen == 0
    assert set(gathered.tensors) == {"labels"}


class Negatives(Gaussians):
    """The first 500 of the same images, each with its negative as the source image."""

    targets = True

    def load(self, split: Split) -> TensorImages:
        images = super().load(split).images[:500]
        return TensorImages(images, torch.zeros(500), 255 - images)

    def requests(self, indices: range) -> Request:
        request = super().requests(indices)
        return request if self.targets else request._replace(real=None)

    def trivial_baselines(self) -> dict[str, TrivialBaseline]:
        return copies(1, 1)


def test_samples_with_sources_are_scored_once_per_held_out_row_against_the_targets(tmp_path: Path) -> None:
    data = Negatives(image_size=2, channels=1, num_classes=1)
    measures: dict[str, Measure | None] = {"l1": L1(), "frechet": Frechet()}
    evaluator = Evaluator(Pixels, measures, num_samples=9000, cache=str(tmp_path)).prepare(data, CPU, requests=True)
    assert [evaluator.protocol[key] for key in ("real_images", "real_split", "fake_images")] == [500, "test", 500]
    assert evaluator.baselines().keys() == {"noise", "noise_images"}, "only a target itself resembles a target"
    images = data.load("test").images
    copy = evaluator.trivial_baselines()["copy"]
    assert copy["l1"] == pytest.approx(float((255 - 2.0 * images).abs().mean() / 127.5), rel=1e-5)
    assert copy["fd_pixels"] > 1000
    scores = evaluator([Samples(images, torch.zeros(500), real=images)])
    assert scores == pytest.approx({"l1": 0, "fd_pixels": 0}, abs=1e-6)


def test_against_targets_the_training_images_are_those_that_are_held_out(tmp_path: Path) -> None:
    data = Negatives(image_size=2, channels=1, num_classes=1)
    evaluator = Evaluator(Pixels, {"frechet": Frechet()}, cache=str(tmp_path)).prepare(data, CPU, requests=True)
    assert 0 < evaluator.baselines()["held_out"] < 50


def test_what_samples_have_decides_which_measures_fit() -> None:
    model = Sampler(nn.Identity(), ema_decay=0)
    model.uses_condition = True  # type: ignore[misc]
    data = Negatives(image_size=2, channels=1, num_classes=1)
    assert SampledImages.of(model, data) == SampledImages(requests=True, targets=True, model=True)
    data.targets = False
    unpaired = SampledImages.of(model, data)
    assert unpaired == SampledImages(requests=True, model=True)
    Evaluator(Pixels, {"frechet": Frechet()}).check(unpaired, "")
    with pytest.raises(UserError, match="compares each image with its target, but there are none"):
        Evaluator(Pixels, {"l1": L1()}).check(unpaired, "there are none")
    with pytest.raises(UserError, match="needs samples of requested classes, but there are none"):
        Evaluator(Pixels, {"accuracy": ConditionalAccuracy()}).check(unpaired, "there are none")
    measures = {"attribute_accuracy": AttributeAccuracy(), "r_precision": RPrecision(), "frechet": Frechet()}
    advice = r"none; 'metric=\[r_precision,frechet\]' needs none, or name what the captions say in data\.attributes$"
    with pytest.raises(UserError, match=advice):
        Evaluator(Pixels, measures).check(unpaired, "there are none")


def test_no_features_are_loaded_for_pixels_alone(tmp_path: Path) -> None:
    def forbidden(_data: ImageDataModule) -> FeatureExtractor:
        pytest.fail("features were loaded")

    measures: dict[str, Measure | None] = {"l1": L1(), "energy": GradientEnergy()}
    evaluator = Evaluator(forbidden, measures, num_samples=100, cache=str(tmp_path)).prepare(DATA, CPU)
    assert evaluator.protocol["features"] == "none"
    images = gaussian((110.0, 100.0), (20.0, 20.0), 100)
    scores = evaluator([Samples(images, torch.zeros(100), real=images)])
    assert list(scores) == ["l1", "gradient_energy_ratio", "gradient_energy", "gradient_energy_real"]
