"""Scores of images against a data set: against closed forms, and with the protocol that decides them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.data.base import ImageDataModule, Split, TensorImages
from gan.data.mnist5k import MNIST5k
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features
from gan.features.classifier import Classifier
from gan.metrics.conditional import ConditionalAccuracy
from gan.metrics.evaluator import Evaluator
from gan.metrics.frechet import Frechet
from gan.metrics.frechet_distance import warn_of_few
from gan.metrics.kernel import Kernel
from gan.metrics.measure import Measure
from gan.metrics.modes import Modes
from gan.metrics.prdc import PRDC
from gan.metrics.statistics import Statistics, gather
from gan.types import Batch

CPU = torch.device("cpu")


class Pixels(FeatureExtractor):
    """Two pixels of an image, as features: what goes in is known."""

    name = "pixels"
    num_features = 2

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def prepare(self, data: ImageDataModule) -> None:
        """Do nothing."""

    def forward(self, images: Tensor) -> Features:
        self.seen += len(images)
        return Features(images.flatten(1)[:, :2].float())

    @property
    def protocol(self) -> dict[str, Any]:
        return {"features": self.name, "weights": "none", "resize": "none"}


class Gaussians(ImageDataModule):
    """Images whose pixels are independent Gaussians: mean 100, deviation 20, at both indices."""

    def load(self, split: Split) -> TensorImages:
        images = gaussian((100.0, 100.0), (20.0, 20.0), 50_000 if split == "train" else 5_000, seed=len(split))
        return TensorImages(images, torch.zeros(len(images)))


DATA = Gaussians(image_size=2, channels=1, num_classes=1)


def gaussian(mean: tuple[float, float], std: tuple[float, float], size: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(size, 2, generator=generator) * torch.tensor(std) + torch.tensor(mean)
    return values.round().clamp(0, 255).to(torch.uint8).view(size, 1, 1, 2).expand(size, 1, 2, 2)


def batches(images: Tensor, size: int = 1000) -> Iterator[Batch]:
    return (Batch(part, torch.zeros(len(part), dtype=torch.long)) for part in images.split(size))


def make(cache: Path, *measures: Any, **settings: Any) -> Evaluator:
    named = {type(measure).__name__: measure for measure in measures or (Frechet(),)}
    comparison = Evaluator(Pixels(), named, **({"num_samples": 50_000, "cache": str(cache)} | settings))
    comparison.prepare(DATA, CPU)
    return comparison


@pytest.fixture(scope="module")
def distance(tmp_path_factory: pytest.TempPathFactory) -> Evaluator:
    return make(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("mean", "std"), [((100.0, 100.0), (20.0, 20.0)), ((110.0, 100.0), (20.0, 20.0)), ((90.0, 120.0), (10.0, 30.0))]
)
def test_two_gaussians(distance: Evaluator, mean: tuple[float, float], std: tuple[float, float]) -> None:
    """For diagonal covariances: |m - m'|^2 + sum (s - s')^2 (Dowson and Landau, 1982)."""
    expected = sum((m - 100) ** 2 for m in mean) + sum((s - 20) ** 2 for s in std)
    images = gaussian(mean, std, 50_000, seed=9)
    assert distance(batches(images))["fd_pixels"] == pytest.approx(expected, rel=0.05, abs=0.1)


def test_scores_do_not_add_up_and_batches_do_not_matter(distance: Evaluator) -> None:
    images = gaussian((110.0, 100.0), (20.0, 20.0), 1000)
    first = distance(batches(images))
    assert distance(batches(images)) == first
    assert distance(batches(images, size=7))["fd_pixels"] == pytest.approx(first["fd_pixels"], rel=1e-12)


def test_one_pass_feeds_all_measures_and_the_first_is_the_main_one(tmp_path: Path) -> None:
    comparison = make(tmp_path, PRDC(), Frechet(), Kernel(subsets=2, subset_size=50), None, num_samples=500)
    extractor = comparison.features
    assert isinstance(extractor, Pixels)
    before = extractor.seen
    scores = comparison(batches(gaussian((100.0, 100.0), (20.0, 20.0), 500)))
    assert extractor.seen - before == 500
    assert list(scores) == [
        f"{name}_pixels" for name in ("precision", "recall", "density", "coverage", "fd", "kd", "kd_std")
    ]
    assert comparison.name == "coverage_pixels"
    worse = [name for name, higher in comparison.higher_is_better.items() if not higher]
    assert worse == ["fd_pixels", "kd_pixels", "kd_std_pixels"]


def test_names_baselines_and_protocol(distance: Evaluator) -> None:
    assert distance.name == "fd_pixels", "only Inception's is called FID"
    distance.features.name = "inception"
    assert distance.name == "fid"
    distance.features.name = "pixels"
    baselines = distance.baselines(DATA)
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
    assert_close(torch.tensor(distance.baselines(DATA)["noise"]), torch.tensor(baselines["noise"]))


def test_real_images_are_looked_at_once(tmp_path: Path) -> None:
    first, second = make(tmp_path), make(tmp_path)
    images = gaussian((110.0, 100.0), (20.0, 20.0), 1000)
    assert isinstance(first.features, Pixels)
    assert isinstance(second.features, Pixels)
    assert (first.features.seen, second.features.seen) == (50_000, 0)
    assert first(batches(images)) == second(batches(images))


def test_held_out_images_and_noise_are_looked_at_once(tmp_path: Path) -> None:
    """As many of them as are generated: others are looked at for another number, and for another kind of noise."""

    def seen(num_samples: int, data: Gaussians = DATA) -> tuple[int, dict[str, float]]:
        comparison = make(tmp_path, num_samples=num_samples)
        extractor = comparison.features
        assert isinstance(extractor, Pixels)
        before = extractor.seen
        baselines = comparison.baselines(data)
        return extractor.seen - before, baselines

    looked_at, baselines = seen(3000)
    assert looked_at == 2500 + 3000, "every second one of 5000"
    assert seen(3000) == (0, baselines)
    assert seen(600)[0] == 556 + 600

    class Darker(Gaussians):
        def noise(self, num: int, generator: torch.Generator) -> Tensor:
            return super().noise(num, generator) // 2

    looked_at, others = seen(3000, Darker(image_size=2, channels=1, num_classes=1))
    assert looked_at == 3000
    assert others["noise"] != baselines["noise"]
    assert others["held_out"] == baselines["held_out"]


@pytest.mark.parametrize(("measure", "extractor"), [(Frechet(), Classifier), (Modes(), Classifier)])
def test_kept_statistics_take_no_real_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measure: Measure, extractor: type[Classifier]
) -> None:
    """Not even to know that they are the same ones."""

    def compare() -> Evaluator:
        data = MNIST5k(image_size=28, channels=1, num_classes=10)
        comparison = Evaluator(extractor(), {"it": measure}, num_samples=10, cache=str(tmp_path))
        comparison.prepare(data, CPU)
        comparison.baselines(data)
        return comparison

    first = compare()
    monkeypatch.setattr(MNIST5k, "load", lambda *_: pytest.fail("images were loaded"))
    assert compare().protocol == first.protocol


def test_what_decides_the_statistics_decides_the_file(tmp_path: Path) -> None:
    make(tmp_path)
    make(tmp_path, split="test")
    make(tmp_path, PRDC())
    make(tmp_path, Kernel(), PRDC(nearest_k=2))  # which need the same of each image
    other = Gaussians(image_size=2, channels=1, num_classes=1)
    other.splits["train"] = TensorImages(gaussian((0.0, 0.0), (1.0, 1.0), 100), torch.zeros(100))
    Evaluator(Pixels(), {"frechet": Frechet()}, cache=str(tmp_path)).prepare(other, CPU)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "foreign", "moved"])
def test_a_damaged_or_foreign_file_is_never_trusted(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = make(tmp_path).real
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
    else:  # another data set's file under this one's name
        torch.save(content | {"key": "another"}, path)
    comparison = make(tmp_path)
    assert isinstance(comparison.features, Pixels)
    assert comparison.features.seen == 50_000
    assert "damaged" in caplog.text
    assert comparison.real is not None
    assert expected is not None
    assert torch.equal(comparison.real.total, expected.total)
    again = make(tmp_path)
    assert isinstance(again.features, Pixels)
    assert again.features.seen == 0, "the file was mended"


def test_a_folder_that_cannot_be_written_to_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    make(tmp_path / "file" / "below")
    assert "cannot be kept" in caplog.text


def test_few_images_are_warned_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    warn_of_few.cache_clear()
    comparison = make(tmp_path)
    for _ in range(2):
        comparison(batches(gaussian((100.0, 100.0), (20.0, 20.0), 2)))
    assert caplog.text.count("covariance is singular") == 1


def test_a_limit_takes_images_from_all_over_a_set() -> None:
    """The first of a folder's images may be of its first class alone."""
    classes = torch.cat([torch.full((60, 2), value) for value in (0.0, 50.0, 100.0)])
    points = classes + torch.randn(180, 2, generator=torch.Generator().manual_seed(0))
    everything, some = PRDC(limit=None), PRDC(limit=60)
    whole = everything(Statistics.of(points), Statistics.of(points))
    assert some(Statistics.of(points), Statistics.of(points)) == whole
    last = Statistics.of(points[120:])
    assert some(Statistics.of(points), last)["precision"] > 0.8


def test_classes_that_are_not_the_datas_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pixels, "num_classes", 1000)
    with pytest.raises(UserError, match="pixels tells 1000 classes apart, not the data's 1"):
        make(tmp_path, Modes())


@pytest.mark.parametrize("measure", [Modes(), ConditionalAccuracy()])
def test_an_extractor_without_classes_is_refused(tmp_path: Path, measure: Any) -> None:
    with pytest.raises(UserError, match="pixels tells no classes apart"):
        make(tmp_path, measure)


@pytest.mark.parametrize(
    ("settings", "message"), [({"measures": {}}, "metric=frechet"), ({"num_samples": 1}, "at least 2")]
)
def test_bad_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Evaluator(**({"features": Pixels(), "measures": {"frechet": Frechet()}} | settings))


def test_gathered_statistics_are_those_of_all_images() -> None:
    images = gaussian((90.0, 120.0), (10.0, 30.0), 300)
    gathered = gather(Pixels(), batches(images, size=70), ["sums", "vectors", "labels"], CPU)
    points = images.flatten(1)[:, :2].float()
    assert gathered.count == 300
    assert set(gathered.tensors()) == {"total", "outer", "vectors", "labels"}
    assert_close(gathered.total, points.double().sum(0))
    assert_close(gathered.outer, points.double().T @ points.double())
    assert torch.equal(gathered.vectors, points)
    assert torch.equal(gathered.labels, torch.zeros(300, dtype=torch.long))
    assert_close(Statistics.of(points).outer, gathered.outer)


def test_no_feature_is_computed_that_no_measure_needs() -> None:
    extractor = Pixels()
    gathered = gather(extractor, batches(gaussian((90.0, 90.0), (1.0, 1.0), 50)), ["labels"], CPU)
    assert extractor.seen == 0
    assert set(gathered.tensors()) == {"labels"}
