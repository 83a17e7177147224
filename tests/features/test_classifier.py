"""Classifier features: accuracy, determinism, and the cache of weights."""

from pathlib import Path

import pytest
import torch

from gan.data.base import ImageDataModule, Split, TensorImages
from gan.data.mnist5k import MNIST5k
from gan.errors import UserError
from gan.features import classifier as classifier_module
from gan.features.classifier import Classifier

DATA = MNIST5k(image_size=28, channels=1, num_classes=10)


class Uniform(ImageDataModule):
    """Images of a single grey value, in some classes."""

    def __init__(self, value: int, num_classes: int = 2) -> None:
        super().__init__(image_size=8, channels=1, num_classes=num_classes)
        self.value = value

    def load(self, split: Split) -> TensorImages:
        images = torch.full((64, 1, 8, 8), self.value, dtype=torch.uint8)
        return TensorImages(images, torch.arange(64) % self.num_classes)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    Classifier(DATA, str(folder))
    return folder


@pytest.fixture
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train for a tenth of the steps, where accuracy does not matter."""
    monkeypatch.setattr(classifier_module, "STEPS", classifier_module.STEPS // 10)


@pytest.fixture
def brief_cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    request.getfixturevalue("briefly")
    folder = tmp_path_factory.mktemp("brief")
    Classifier(DATA, str(folder))
    return folder


def test_it_classifies_held_out_digits(cache: Path) -> None:
    held_out = next(DATA.batches("test", batch_size=1000))
    vectors, logits = Classifier(DATA, str(cache))(held_out.real)
    assert logits is not None
    assert (logits.argmax(1) == held_out.labels).float().mean() > 0.96
    assert vectors.shape == (1000, 128)


def test_it_is_frozen_and_in_evaluation_mode(cache: Path) -> None:
    classifier = Classifier(DATA, str(cache))
    assert not any(module.training for module in classifier.modules())
    assert not any(parameter.requires_grad for parameter in classifier.parameters())


def test_weights_are_cached_and_training_is_deterministic(brief_cache: Path, tmp_path: Path) -> None:
    (path,) = brief_cache.iterdir()
    before = path.stat().st_mtime_ns
    loaded = Classifier(DATA, str(brief_cache))
    assert path.stat().st_mtime_ns == before, "loaded, not trained"
    torch.manual_seed(123)
    state = torch.get_rng_state()
    trained = Classifier(DATA, str(tmp_path))
    assert torch.equal(torch.get_rng_state(), state), "the global random numbers are unchanged"
    for ours, theirs in zip(trained.state_dict().values(), loaded.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)
    assert trained.protocol == loaded.protocol


@pytest.mark.usefixtures("briefly")
def test_other_data_has_its_own_classifier(tmp_path: Path) -> None:
    for value in (0, 1):
        Classifier(Uniform(value), str(tmp_path))
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", None])
def test_a_damaged_file_is_replaced(
    brief_cache: Path, tmp_path: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    (path,) = brief_cache.iterdir()
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes()[:1000] if damage is None else damage)
    classifier = Classifier(DATA, str(tmp_path))
    assert "damaged" in caplog.text
    assert classifier.protocol == Classifier(DATA, str(brief_cache)).protocol
    assert copy.stat().st_size == path.stat().st_size


def test_data_without_classes_is_rejected() -> None:
    with pytest.raises(UserError, match="metric/features=efficientnet_lite0"):
        Classifier(Uniform(0, num_classes=1))
