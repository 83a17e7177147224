"""The index of a folder of many images: recalled while nothing has changed, and made anew when something has."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gan.data import folder_index
from gan.data.find_images import FoundImages, find_images
from gan.data.folder_index import find_or_recall, read_stamps
from gan.data.image_paths import ImagePaths

Read = Callable[[], FoundImages]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a folder of 40 files that is old enough, and large enough, to be indexed."""
    monkeypatch.setattr(folder_index, "MIN_IMAGES", 40)
    for number in range(40):
        path = tmp_path / "root" / f"class{number % 2}" / "deep" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(number))
    (tmp_path / "root" / "class0" / "notes.txt").touch()
    age(tmp_path / "root")
    return tmp_path / "root"


def age(root: Path) -> None:
    """Date all folders back."""
    for folder, _, _ in os.walk(root):
        os.utime(folder, ns=(time.time_ns(), time.time_ns() - 10**10))


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Record the folders that are searched."""
    searched = list[Path]()

    def search(root: Path) -> FoundImages:
        searched.append(root)
        return find_images(root)

    monkeypatch.setattr(folder_index, "find_images", search)
    return searched


def test_what_is_recalled_is_what_was_found(root: Path, tmp_path: Path, searches: list[Path]) -> None:
    found, recalled = (find_or_recall(root, tmp_path / "cache") for _ in range(2))
    assert searches == [root]
    assert list(recalled.paths) == list(found.paths) == sorted(found.paths)
    assert recalled.folders == found.folders == {"class0": 20, "class1": 20}
    assert recalled.folder_numbers.tolist() == found.folder_numbers.tolist()
    assert recalled.describe_left_out() == found.describe_left_out() == "1 .txt (notes.txt)"


def remove(root: Path) -> None:
    (root / "class1" / "deep" / "3.png").unlink()


def add(root: Path) -> None:
    (root / "class1" / "new.png").touch()


def rename(root: Path) -> None:
    (root / "class1").rename(root / "class2")


@pytest.mark.parametrize("change", [remove, add, rename])
def test_a_change_is_seen(root: Path, tmp_path: Path, searches: list[Path], change: Callable[[Path], None]) -> None:
    find_or_recall(root, tmp_path / "cache")
    change(root)
    assert list(find_or_recall(root, tmp_path / "cache").paths) == list(find_images(root).paths)
    assert len(searches) == 2


def test_a_folder_that_has_just_changed_is_not_indexed(root: Path, tmp_path: Path, searches: list[Path]) -> None:
    """A file that was added within the resolution of the file system's clock would not be seen."""
    add(root)
    for _ in range(2):
        find_or_recall(root, tmp_path / "cache")
    assert len(searches) == 2


def test_a_damaged_index_is_made_anew(root: Path, tmp_path: Path, searches: list[Path]) -> None:
    find_or_recall(root, tmp_path / "cache")
    (path,) = (tmp_path / "cache").glob("folder-*.npz")
    path.write_bytes(path.read_bytes()[:100])
    for _ in range(2):
        assert len(find_or_recall(root, tmp_path / "cache")) == 40
    assert len(searches) == 2


def test_stamps_are_recalled_unless_a_file_has_changed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    found = find_or_recall(root, cache)
    stamps = read_stamps(found, cache)
    assert stamps[:, 0].tolist() == [int(path.stem) for path in found.paths]
    looked_at, stamp = list[Path](), folder_index._stamp

    def look(path: Path) -> tuple[int, int]:
        looked_at.append(path)
        return stamp(path)

    monkeypatch.setattr(folder_index, "_stamp", look)
    monkeypatch.setattr(folder_index, "SAMPLE", 10)
    assert np.array_equal(read_stamps(found, cache), stamps)
    assert len(looked_at) == 10
    found.paths[0].write_bytes(b"another content")
    found.paths[1].unlink()
    changed = read_stamps(found, cache)
    assert changed[0, 0] == 15
    assert changed[1].tolist() == [-1, -1]
    assert np.array_equal(changed[2:], stamps[2:])


def test_paths_keep_names_of_any_bytes(tmp_path: Path) -> None:
    names = ["a.png", os.fsdecode(b"caf\xe9/b.png"), "ü/猫.png"]
    paths = ImagePaths.of_names(tmp_path, names)
    assert list(paths) == [tmp_path / name for name in names]
    assert paths[-1] == paths[2]
    assert paths[:2] == [paths[0], paths[1]]
    assert len(ImagePaths.of_names(tmp_path, [])) == 0
    with pytest.raises(IndexError):
        paths[3]
