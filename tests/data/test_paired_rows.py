"""Pairs of images in tar files and in tables: rows, order, resuming, and errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.data.huggingface import HuggingFacePairs
from gan.data.paired import Paired
from gan.data.webdataset import WebDatasetPairs
from gan.errors import UserError
from gan.types import Batch
from tests.data.stored_rows import STORES, load_both, png, write_rows

Make = Callable[..., Paired]


def pairs(number: int = 20) -> list[dict[str, Any]]:
    """Return pairs of a sketch, whose level is its number, and a photo, whose level is 100 higher."""
    return [{"sketch": png(row), "photo": png(row + 100)} for row in range(number)]


@pytest.fixture(params=STORES)
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return a function that stores rows, and makes a data module of them."""
    store: str = request.param
    if store == "table":
        datasets = pytest.importorskip("datasets")
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    settings: dict[str, Any] = {"image_size": 8, "channels": 3, "batch_size": 4, "memory_limit": 0}

    def make(rows: list[dict[str, Any]], source: str = "sketch", target: str = "photo", **options: Any) -> Paired:
        path = str(write_rows(tmp_path, rows, store))
        if store == "table":
            return HuggingFacePairs(path, source=source, target=target, **settings | options)
        sides = {"source": f"{source}.png", "target": f"{target}.png"}
        return WebDatasetPairs(path, cache=str(tmp_path / "cache"), mixed_shards=1, **settings | sides | options)

    return make


def levels(batch: Batch) -> list[tuple[int, int]]:
    """Return the levels of sources and images."""
    assert isinstance(batch.condition, torch.Tensor)
    return list(zip(*(x[:, 0, 0, 0].tolist() for x in (batch.condition, batch.real)), strict=True))


@pytest.mark.parametrize("memory_limit", [0, 2**20])
def test_each_image_has_the_source_of_its_row(make: Make, memory_limit: int) -> None:
    data = make(pairs(), memory_limit=memory_limit, source_channels=1, test_share=0.25)
    batches = [batch for split in ("train", "test") for batch in data.batches(split)]
    assert len(data.split("test")) == 5
    assert isinstance(batches[0].condition, torch.Tensor)
    assert data.source_shape == tuple(batches[0].condition.shape[1:]) == (1, 8, 8)
    assert sorted(image for batch in batches for _, image in levels(batch)) == list(range(100, 120))
    back = make(pairs(), source="photo", target="sketch", memory_limit=memory_limit)
    found = [pair for split in ("train", "test") for batch in back.batches(split) for pair in levels(batch)]
    assert sorted(found) == [(row + 100, row) for row in range(20)]
    assert data.fingerprint("train") not in (back.fingerprint("train"), data.fingerprint("test"))


@pytest.mark.parametrize("seen", [0, 12, 28])
def test_a_run_resumes_at_the_next_pair(make: Make, seen: int) -> None:
    whole, resumed = (make(pairs(), num_workers=workers) for workers in (0, 1))
    resumed.load_state_dict({"images_seen": seen})
    batches, found = iter(whole.train_dataloader()), iter(resumed.train_dataloader())
    expected = [levels(next(batches)) for _ in range(seen // 4 + 3)][seen // 4 :]
    assert [levels(next(found)) for _ in range(3)] == expected
    assert all(image == source + 100 for batch in expected for source, image in batch)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"sketch": None}, {}, r"(data\.source=sketch\.png: \S+x-005\.tar:007 has no|row 7 of \S+ has no image)"),
        ({"sketch": b"no image"}, {}, r"cannot read the image .*(007\.sketch\.png|row 7 of)"),
        ({"photo": png(0, (8, 16))}, {}, r"8x8 pixels, and its partner .* 8x16: both need the same proportions"),
        ({}, {"source": "edges"}, r"data\.source=edges(\.png: \S+x-000\.tar:000 has no|: .*the columns sketch, photo)"),
        ({}, {"source": "edges", "target": "map"}, r"(extension map\.png or edges\.png|the columns sketch, photo)"),
    ],
)
def test_errors(make: Make, change: dict[str, Any], options: dict[str, Any], message: str) -> None:
    rows = pairs()
    rows[7] |= change
    with pytest.raises(UserError, match=message) as error:
        load_both(make(rows, test_share=0.5, **options))
    assert "\n" not in str(error.value)


def test_pairs_with_an_unreadable_image_are_left_out(make: Make) -> None:
    rows = pairs()
    rows[4] |= {"sketch": b"no image"}
    rows[5] |= {"photo": b"no image"}
    data = make(rows, on_error="skip", test_share=0.4)
    found = [pair for split in ("train", "test") for batch in data.batches(split) for pair in levels(batch)]
    assert sorted(found) == [(row, row + 100) for row in range(20) if row not in (4, 5)]
    larger = data.load_enlarged(1.5)
    assert larger is not None
    assert len(larger) == len(data.split("train"))
    assert larger.__getitems__([0]).real.shape == (1, 3, 12, 12)
