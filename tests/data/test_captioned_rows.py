"""Images with sentences in tar files and in tables: rows, order, resuming, and errors."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.data.captioned import Captioned
from gan.data.huggingface import HuggingFaceCaptions
from gan.data.webdataset import WebDatasetCaptions
from gan.errors import UserError
from gan.types import Batch
from tests.data.stored_rows import STORES, load_both, png, write_rows
from tests.data.test_webdataset import write_tar

Make = Callable[..., Captioned]
COLOURS = ("red", "blue")
WORDS = "bird is the red blue . 0 1 2 3 4 5 6 7 8 9"


def sentences(row: int) -> list[str]:
    """Return the sentences of a row, which say its number; every fourth has two."""
    colour, digits = COLOURS[row % 2], f"{row // 10} {row % 10}"
    return [f"Bird {digits} is {colour}.", f"the {colour} bird {digits}"][: 1 + (row % 4 == 0)]


def birds(number: int = 20) -> list[dict[str, Any]]:
    """Return rows, the level of whose images is their number."""
    return [{"image": png(row), "caption": sentences(row), "colour": COLOURS[row % 2]} for row in range(number)]


def expected(*left_out: int) -> list[tuple[int, str]]:
    """Return the levels and sentences of rows."""
    return [(row, text.lower()) for row in range(20) if row not in left_out for text in sentences(row)]


@pytest.fixture(params=STORES)
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return a function that stores rows, and makes a data module of them."""
    store: str = request.param
    if store == "table":
        datasets = pytest.importorskip("datasets")
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    settings: dict[str, Any] = {"image_size": 8, "channels": 3, "batch_size": 4, "memory_limit": 0}

    def make(rows: list[dict[str, Any]], **options: Any) -> Captioned:
        path = str(write_rows(tmp_path, rows, store))
        columns = {"caption": options.pop("caption", "caption"), "attributes": options.pop("attributes", None)}
        if store == "table":
            return HuggingFaceCaptions(path, **settings | columns | options)
        columns["caption"] = f"json.{columns['caption']}"
        columns["attributes"] = columns["attributes"] and [f"json.{name}" for name in columns["attributes"]]
        return WebDatasetCaptions(path, cache=str(tmp_path / "cache"), mixed_shards=1, **settings | columns | options)

    return make


def rows_of(data: Captioned, batch: Batch) -> list[tuple[int, str]]:
    """Return the levels and sentences of a batch."""
    return list(zip(batch.real[:, 0, 0, 0].tolist(), data.lines_of(batch.condition), strict=True))


@pytest.mark.parametrize("memory_limit", [0, 2**20])
def test_each_sentence_is_a_row_of_its_image(make: Make, memory_limit: int) -> None:
    data = make(birds(), attributes=["colour"], memory_limit=memory_limit, test_share=0.25)
    assert (data.attribute_sizes, data.num_classes, data.length) == ([2], 2, 6)
    assert data.vocabulary_size == len(data.vocabulary.split()) + 1
    found = list[tuple[int, str]]()
    for split in ("train", "test"):
        for batch in data.batches(split):
            found += rows_of(data, batch)
            assert batch.labels.tolist() == [1 - level % 2 for level in batch.real[:, 0, 0, 0].tolist()]
    assert sorted(found) == sorted(expected())
    assert data.fingerprint("train") != data.fingerprint("test")


def test_values_that_a_run_recorded_are_not_looked_for(make: Make) -> None:
    recorded = {"vocabulary": "a b", "vocabulary_size": 3, "length": 4, "attribute_sizes": [2], "num_classes": 2}
    data = make(birds(), attributes=["colour"], **recorded)
    assert data.encode(["b a"]).tolist() == [[2, 1, 0, 0]]
    assert "captions" not in vars(data)


def order(data: Captioned, number: int) -> list[list[tuple[int, str]]]:
    batches = iter(data.train_dataloader())
    return [rows_of(data, next(batches)) for _ in range(number)]


@pytest.mark.parametrize("seen", [0, 12, 28])
def test_a_run_resumes_at_the_next_sentence(make: Make, seen: int) -> None:
    whole, resumed = (make(birds(), num_workers=workers) for workers in (0, 1))
    resumed.load_state_dict({"images_seen": seen})
    assert order(resumed, 3) == order(whole, seen // 4 + 3)[seen // 4 :]


def test_ranks_share_each_batch(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make(birds())
    whole, shares = order(data, 3), list[list[list[tuple[int, str]]]]()
    for rank in range(2):
        monkeypatch.setattr(data, "_rank_and_world", lambda rank=rank: (rank, 2))
        shares.append(order(data, 3))
    assert [one + other for one, other in zip(*shares, strict=True)] == whole


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"caption": None}, {}, r"data\.caption=\S+: (\S+:007|row 7 of \S+) has no caption; data\.on_error=skip"),
        ({"colour": None}, {"attributes": ["colour"]}, r"data\.attributes=\S+: (\S+:007|row 7 of \S+) has no "),
        ({"image": b"no image"}, {}, r"cannot read the image .*(007\.image\.png|row 7 of)"),
        ({}, {"caption": "text"}, r"data\.caption=\S*text: .*(has no caption|has the columns image, caption, colour)"),
        ({}, {"vocabulary": "red"}, r"has '\w+', which data\.vocabulary lacks"),
    ],
)
def test_errors(make: Make, change: dict[str, Any], options: dict[str, Any], message: str) -> None:
    rows = birds()
    rows[7] |= change
    with pytest.raises(UserError, match=message) as error:
        load_both(make(rows, test_share=0.5, **options))
    assert "\n" not in str(error.value)


def test_rows_that_do_not_fit_are_left_out(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    rows = birds()
    rows[2] |= {"caption": None}
    rows[4] |= {"image": b"no image"}
    rows[5] |= {"caption": ["a long sentence of more words than others have"]}
    data = make(rows, on_error="skip", length=6, test_share=0.4, vocabulary=WORDS)
    found = [row for split in ("train", "test") for batch in data.batches(split) for row in rows_of(data, batch)]
    assert sorted(found) == sorted(expected(2, 4, 5))
    assert "rows without data.caption=" in caplog.text
    assert "cannot read the image" in caplog.text
    assert "on_error" not in caplog.text, "the option is given"
    larger = data.load_enlarged(1.5)
    assert larger is not None
    assert len(larger) == len(data.split("train"))
    assert larger.__getitems__([0]).real.shape == (1, 3, 12, 12)


def test_text_members_have_one_sentence_a_line(tmp_path: Path) -> None:
    members = {f"{row}.png": png(row) for row in range(8)}
    members |= {f"{row}.txt": b"A bird.\n\n the bird \n" for row in range(8)}
    write_tar(tmp_path / "x" / "0.tar", dict(sorted(members.items())))
    data = WebDatasetCaptions(
        str(tmp_path / "x"), caption="txt", cache=str(tmp_path / "cache"), image_size=8, channels=3, test_share=0.25
    )
    assert len(data.split("train")) == 12
    assert set(data.lines_of(data.split("train").__getitems__(list(range(12))).condition)) == {"a bird.", "the bird"}


def test_wrong_kinds_of_columns_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    path = str(write_rows(tmp_path, [{"image": png(row), "size": row} for row in range(8)], "table"))
    with pytest.raises(UserError, match=r"data\.caption=size: row 0 of \S+ has int, and no text or list of texts"):
        HuggingFaceCaptions(path, caption="size", image_size=8, channels=3)
    with pytest.raises(UserError, match=r"data\.image=size: the column holds Value"):
        HuggingFaceCaptions(path, image="size", caption="size", image_size=8, channels=3)


def test_mixed_shards_are_read_together(tmp_path: Path) -> None:
    path = str(write_rows(tmp_path, birds(), "shards"))
    data = WebDatasetCaptions(
        path,
        test_path=path,
        caption="json.caption",
        cache=str(tmp_path / "cache"),
        mixed_shards=1,
        memory_limit=0,
        image_size=8,
        channels=3,
        batch_size=1,
    )
    shards = [row[0][0] // 5 for row in order(data, len(data.split("train")))]
    assert len([1 for one, other in pairwise(shards) if one != other]) == 3
    assert torch.equal(torch.tensor(sorted(shards)), torch.tensor([0] * 7 + [1] * 6 + [2] * 6 + [3] * 6))
