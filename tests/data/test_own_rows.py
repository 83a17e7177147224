"""Rows of a source of one's own, a database, as images with classes, with captions, and in pairs."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gan.data.base import Split
from gan.data.captioned_rows import CaptionedRows
from gan.data.labelled_rows import LabelledRows
from gan.data.own_rows import OwnRows
from gan.data.paired_rows import PairedRows
from gan.data.rows import Column, Rows
from gan.errors import UserError
from gan.image_files import EncodedImage
from gan.instantiate import signature
from tests.data.stored_rows import png

SIZES: dict[str, Any] = {"image_size": 8, "channels": 1}


class Table(Rows):
    """Rows of a table with the same columns for all uses."""

    def __init__(self, path: str) -> None:
        self.source, self.database = path, sqlite3.connect(path)

    def __len__(self) -> int:
        return len(self._column("image"))

    def images(self, column: Column) -> Sequence[EncodedImage]:
        contents = self._column(column.name or "image")
        return [EncodedImage(self.place(row), content) for row, content in enumerate(contents)]

    def cells(self, column: Column) -> list[Any]:
        return self._column(str(column.name))

    def classes(self, column: Column) -> list[Any]:
        return sorted(self.occurring(column))

    def place(self, row: int) -> str:
        return f"row {row} of {self.source}"

    def fingerprint(self) -> Any:
        return self.source

    def _column(self, name: str) -> list[Any]:
        return [value for (value,) in self.database.execute(f"select {name} from birds order by number")]


class Database(OwnRows):
    """Source of rows in a database."""

    def __init__(self, path: str, **settings: Any) -> None:
        self.path = path
        super().__init__(**settings)

    def read(self, split: Split) -> Rows | None:
        return Table(self.path) if split == "train" else None


class Photos(Database, LabelledRows):
    """Images with classes."""


class Sentences(Database, CaptionedRows):
    """Images with captions."""


class Translations(Database, PairedRows):
    """Pairs of images."""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Write a database of eight rows."""
    with sqlite3.connect(tmp_path / "birds.db") as database:
        database.execute("create table birds (number integer, image blob, sketch blob, kind text, caption text)")
        rows = [(row, png(row), png(row + 100), "ab"[row % 2], f"bird {'ab'[row % 2]}") for row in range(8)]
        database.executemany("insert into birds values (?, ?, ?, ?, ?)", rows)
    return str(tmp_path / "birds.db")


def test_one_source_serves_all_kinds_of_examples(path: str) -> None:
    photos = Photos(path, label="kind", **SIZES)
    assert (photos.num_classes, len(photos.split("train")), len(photos.split("test"))) == (2, 6, 2)
    captions = Sentences(path, caption="caption", attributes=["kind"], **SIZES)
    assert (sorted(captions.vocabulary.split()), captions.num_classes) == (["a", "b", "bird"], 2)
    pairs = Translations(path, source="sketch", target="image", **SIZES)
    assert pairs.split("train").__getitems__([0]).condition is not None
    assert len({data.fingerprint("train") for data in (photos, captions, pairs)}) == 3


def test_options_are_those_of_source_and_example() -> None:
    assert {"path", "caption", "attributes", "vocabulary", "image_size", "test_share"} <= signature(Sentences).keys()
    assert "caption" not in signature(Translations)


def test_missing_values_are_named(path: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute("update birds set kind = null where number = 3")
    advice = r"leave out the column with data\.label=null, or such images with data\.on_error=skip"
    with pytest.raises(UserError, match=rf"data\.label=kind: row 3 of .* has no value: {advice}"):
        Photos(path, label="kind", **SIZES)


@pytest.mark.parametrize("number", [None, 2])
def test_missing_values_are_skipped_and_logged(path: str, number: int | None, caplog: pytest.LogCaptureFixture) -> None:
    with sqlite3.connect(path) as database:
        database.execute("update birds set kind = null where number in (3, 6)")
    photos = Photos(path, label="kind", num_classes=number, on_error="skip", **SIZES)
    labels = [
        label for split in ("train", "test") for batch in photos.batches(split) for label in batch.labels.tolist()
    ]
    assert sorted(labels) == [0, 0, 0, 1, 1, 1]
    captions = Sentences(path, caption="caption", attributes=["kind"], on_error="skip", **SIZES)
    assert sum(len(captions.split(split)) for split in ("train", "test")) == 6
    assert captions.attribute_sizes == [2]
    for option in ("label", "attributes"):
        assert caplog.text.count(f"Skipped: rows without data.{option}=kind: row 3 of {path} and 1 more\n") == 1
