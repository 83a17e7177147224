"""Features of captions: accuracy of attributes, sentences, the cache, and data that do not fit."""

from pathlib import Path

import pytest
import torch

from gan.data.mnist5k import MNIST5k
from gan.errors import UserError
from gan.features import captions as module
from gan.features.captions import CaptionFeatures
from tests.data.test_captions import birds, captions, made, write_folder


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS", 60)
    monkeypatch.setattr(module, "BATCH_SIZE", 32)


def test_it_tells_attributes_and_matches_sentences(tmp_path: Path) -> None:
    data = captions(made=made(rows=1000))
    features = CaptionFeatures(data, str(tmp_path))
    rows = data.split("test").__getitems__(list(range(32)))
    vectors, logits = features(rows.real)
    assert logits is not None
    assert logits.exp().sum(1).allclose(torch.ones(32), atol=1e-4)
    assert (logits.argmax(1) == rows.labels).float().mean() > 0.6
    assert isinstance(rows.condition, torch.Tensor)
    similarity = vectors @ features.encode_condition(rows.condition).T
    own = similarity.diagonal()[:, None]
    assert (similarity <= own + 1e-4).float().mean() > 0.8
    again = CaptionFeatures(data, str(tmp_path))
    assert again.protocol == features.protocol


def test_a_damaged_cache_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    features = CaptionFeatures(captions(), str(tmp_path))
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"x")
    assert CaptionFeatures(captions(), str(tmp_path)).protocol == features.protocol
    assert "is damaged" in caplog.text


def test_sentences_alone_have_no_classes(tmp_path: Path) -> None:
    data = captions(captions=str(write_folder(tmp_path, birds())), image_size=8)
    features = CaptionFeatures(data, str(tmp_path / "cache"))
    assert features.num_classes == 0
    assert features(data.split("test").__getitems__([0]).real).logits is None


def test_other_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="needs images with sentences, and MNIST5k has none"):
        CaptionFeatures(MNIST5k(image_size=28, channels=1, num_classes=10), str(tmp_path))
    many = captions(attribute_sizes=[200, 100, 1], num_classes=20_000)
    with pytest.raises(UserError, match=r"20,000 combinations, more than the 10,000"):
        CaptionFeatures(many, str(tmp_path))
