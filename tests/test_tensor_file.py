"""Files of tensors: no byte can change unnoticed, other programs read them, and a full disk is named."""

import errno
import random
import resource
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import torch
from pytorch_lightning.plugins import TorchCheckpointIO

from gan import tensor_file
from gan.runs.writing import WriteError
from gan.tensor_file import DamagedError
from gan.trainer import DigestedCheckpointIO

CONTENTS: dict[str, Any] = {
    "weights": torch.arange(300.0).reshape(100, 3),
    "optimizer": {"state": {0: {"step": torch.tensor(7.0)}}},
    "config": {"model": {"lr": 2e-4, "name": "é", "tags": ["a", None]}},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tensor_file.save(CONTENTS, tmp_path / "a.ckpt")
    return tmp_path / "a.ckpt"


def same(contents: Any) -> bool:
    return repr(contents) == repr(CONTENTS)


def test_other_programs_read_it(path: Path) -> None:
    assert same(tensor_file.load(path))
    assert same(torch.load(path, weights_only=True))
    assert same(torch.load(path, weights_only=True, mmap=True))
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.comment.startswith(b"sha256:")


def test_every_flipped_bit_is_named(path: Path, tmp_path: Path) -> None:
    data, damaged = path.read_bytes(), tmp_path / "damaged.ckpt"
    end = range(8 * (len(data) - 100), 8 * len(data), 7)  # the end of the archive, and the digest
    for bit in (*random.Random(0).sample(range(8 * len(data)), 200), *end):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        damaged.write_bytes(flipped)
        with pytest.raises(DamagedError, match=r"damaged\.ckpt is damaged \(") as caught:
            tensor_file.load(damaged)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kept", [0, 1, 21, 72, 73, 1000, -74, -73, -72, -71, -1])
def test_cut_files_are_named(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DamagedError, match="is damaged"):
        tensor_file.check(path)


def test_files_that_other_programs_saved_are_checked_by_their_archive(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.ckpt"
    torch.save(torch.load(path, weights_only=True), other)
    assert same(tensor_file.load(other))
    data, named = other.read_bytes(), 0
    for bit in random.Random(0).sample(range(8 * len(data)), 100):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        other.write_bytes(flipped)
        try:
            assert same(tensor_file.load(other)), "a silent flip is in padding or a date"
        except DamagedError:
            named += 1
    assert named > 50
    other.write_bytes(data + b"more")
    with pytest.raises(DamagedError, match="does not end as an archive"):
        tensor_file.load(other)


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"damaged \(.*No such file"):
        tensor_file.load(tmp_path / "absent.ckpt")


def test_a_limit_of_size_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        for size in (30_000, 3_000_000):  # the limit is met when the file is closed, and within torch
            with pytest.raises(WriteError, match=r"cannot write .*a\.ckpt \(File too large\)") as caught:
                tensor_file.save({"weights": torch.zeros(size)}, tmp_path / "a.ckpt")
            assert isinstance(caught.value.__cause__, OSError)
            assert caught.value.__cause__.errno == errno.EFBIG
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_no_checkpoint_passes_through_the_folder_of_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lightning's own writer passes each through it, where it may not fit."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError):
        TorchCheckpointIO().save_checkpoint(CONTENTS, tmp_path / "a.ckpt")
    DigestedCheckpointIO().save_checkpoint(CONTENTS, tmp_path / "a.ckpt")
    assert [found.name for found in tmp_path.iterdir()] == ["a.ckpt"]
