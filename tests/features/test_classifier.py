"""The classifier that stands in for Inception: good enough, the same each time, kept, and never trusted blindly."""

from pathlib import Path

import pytest
import torch

from gan.data.base import ImageDataModule, Split, TensorImages
from gan.data.mnist5k import MNIST5k
from gan.errors import UserError
from gan.features.classifier import Classifier

DATA = MNIST5k(image_size=28, channels=1, num_classes=10)


class Plain(ImageDataModule):
    """Images of one grey, in two classes or none."""

    def __init__(self, value: int, num_classes: int = 2) -> None:
        super().__init__(image_size=8, channels=1, num_classes=num_classes)
        self.value = value

    def load(self, split: Split) -> TensorImages:
        images = torch.full((64, 1, 8, 8), self.value, dtype=torch.uint8)
        return TensorImages(images, torch.arange(64) % self.num_classes)


def prepared(cache: Path) -> Classifier:
    classifier = Classifier(str(cache))
    classifier.prepare(DATA)
    return classifier


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    prepared(folder)
    return folder


def test_it_knows_held_out_digits(cache: Path) -> None:
    held_out = next(DATA.batches("test", batch_size=1000))
    classifier = prepared(cache)
    vectors, logits = classifier(held_out.images)
    assert (logits.argmax(1) == held_out.labels).float().mean() > 0.96
    assert vectors.shape == (1000, 128)


def test_it_is_kept_and_training_is_deterministic(cache: Path, tmp_path: Path) -> None:
    (kept,) = cache.iterdir()
    before = kept.stat().st_mtime_ns
    loaded = prepared(cache)
    assert kept.stat().st_mtime_ns == before, "loaded, not trained"
    torch.manual_seed(123)
    state = torch.get_rng_state()
    trained = prepared(tmp_path)
    assert torch.equal(torch.get_rng_state(), state), "the run's own random numbers are left alone"
    for ours, theirs in zip(trained.state_dict().values(), loaded.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)
    assert trained.protocol == loaded.protocol


def test_other_data_has_a_classifier_of_its_own(tmp_path: Path) -> None:
    for value in (0, 1):
        Classifier(str(tmp_path)).prepare(Plain(value))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", None])
def test_a_damaged_file_is_replaced(
    cache: Path, tmp_path: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    (kept,) = cache.iterdir()
    copy = tmp_path / kept.name
    copy.write_bytes(kept.read_bytes()[:1000] if damage is None else damage)
    classifier = prepared(tmp_path)
    assert "damaged" in caplog.text
    assert classifier.protocol == prepared(cache).protocol
    assert copy.stat().st_size == kept.stat().st_size


def test_data_without_classes_is_refused() -> None:
    with pytest.raises(UserError, match="metric/features=inception"):
        Classifier().prepare(Plain(0, num_classes=1))
