"""Rows of images and text, written as shards and as a parquet file."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from gan.data.module import DataModule, Split
from tests.data.test_webdataset import write_tar

__all__ = ["STORES", "png", "write_rows"]

STORES = ["shards", "table"]
PER_SHARD = 5


SPLITS: tuple[Split, Split] = ("train", "test")


def png(level: int, size: tuple[int, int] = (8, 8)) -> bytes:
    """Return a PNG of one red level."""
    file = io.BytesIO()
    Image.new("RGB", size, (level, 0, 0)).save(file, "PNG")
    return file.getvalue()


def write_rows(folder: Path, rows: Sequence[dict[str, Any]], store: str) -> Path:
    """Write rows, whose bytes are images, and whose other values are fields; None is left out.

    Args:
        folder: Folder to write to.
        rows: The rows; all have the same keys.
        store: ``shards``, where an image is a member NAME.png and fields are JSON; or ``table``, where all are columns.
    """
    return _write_shards(folder / "shards", rows) if store == "shards" else _write_table(folder / "rows.parquet", rows)


def load_both(data: DataModule) -> None:
    """Read all rows of both splits."""
    for split in SPLITS:
        list(data.batches(split))


def _write_shards(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    for first in range(0, len(rows), PER_SHARD):
        members = dict[str, bytes]()
        for number, row in enumerate(rows[first : first + PER_SHARD], start=first):
            members |= {f"{number:03d}.{name}.png": value for name, value in row.items() if isinstance(value, bytes)}
            fields = {name: value for name, value in row.items() if value is not None and not isinstance(value, bytes)}
            members |= {f"{number:03d}.json": json.dumps(fields).encode()} if fields else {}
        write_tar(folder / f"x-{first:03d}.tar", members)
    return folder


def _write_table(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    import datasets

    columns = {name: [row[name] for row in rows] for name in rows[0]}
    kinds = {name: next(value for value in column if value is not None) for name, column in columns.items()}
    features = {name: _feature(datasets, value) for name, value in kinds.items()}
    encoded = {
        name: [{"bytes": value, "path": None} if isinstance(value, bytes) else value for value in column]
        for name, column in columns.items()
    }
    datasets.Dataset.from_dict(encoded, features=datasets.Features(features)).to_parquet(path)
    return path


def _feature(datasets: Any, value: Any) -> Any:
    if isinstance(value, bytes):
        return datasets.Image()
    if isinstance(value, list):
        return datasets.List(datasets.Value("string")) if hasattr(datasets, "List") else [datasets.Value("string")]
    return datasets.Value("string" if isinstance(value, str) else "int64")
