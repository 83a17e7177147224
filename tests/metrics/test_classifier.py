"""The classifier that stands in for Inception: good enough, the same each time, kept, and never trusted blindly."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from gan.data.mnist5k import MNIST5k
from gan.errors import UserError
from gan.metrics.classifier import Classifier
from gan.types import Batch

DATA = MNIST5k(image_size=28, channels=1, num_classes=10)


def prepared(cache: Path) -> Classifier:
    classifier = Classifier(str(cache))
    classifier.prepare(lambda: DATA.batches("train"), 10)
    return classifier


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    prepared(folder)
    return folder


def test_it_knows_held_out_digits(cache: Path) -> None:
    held_out = next(DATA.batches("test", batch_size=1000))
    classifier = prepared(cache)
    assert (classifier.classify(held_out.images) == held_out.labels).float().mean() > 0.96
    assert classifier(held_out.images).shape == (1000, 128)


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
    def batches(value: int) -> Iterator[Batch]:
        yield Batch(torch.full((64, 1, 8, 8), value, dtype=torch.uint8), torch.arange(64) % 2)

    for value in (0, 1):
        Classifier(str(tmp_path)).prepare(partial(batches, value), 2)
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
        Classifier().prepare(lambda: DATA.batches("train"), 1)
