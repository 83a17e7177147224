"""Folders of images as people have them: links, hidden files, splits, classes, and what a run says of them."""

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gan.data.find_images import find_images
from gan.data.folder_layout import read_layout
from gan.errors import UserError


def fill(folder: Path, number: int = 2, name: str = "{}.png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(number):
        Image.new("L", (8, 8)).save(folder / name.format(index), format="PNG")
    return folder


def test_links_are_followed_once(tmp_path: Path) -> None:
    pool, root = tmp_path / "pool", tmp_path / "root"
    fill(pool / "cats")
    fill(pool / "dogs" / "large")
    fill(root / "birds")
    for name in ("cats", "dogs"):
        (root / name).symlink_to(pool / name)
    (root / "birds" / "linked.png").symlink_to(pool / "cats" / "0.png")
    (root / "birds" / "up").symlink_to(root)
    (root / "birds" / "gone.png").symlink_to(root / "missing.png")
    (root / "birds" / "self.png").symlink_to(root / "birds" / "self.png")
    for number in range(12):  # each leads to all: 12! ways
        (pool / "dogs" / f"loop{number}").symlink_to(pool / "dogs")
    found = find_images(root)
    assert found.folders == {"birds": 3, "cats": 2, "dogs": 2}
    assert list(found.paths) == sorted(found.paths)
    assert found.left_out == {"broken links": 2, "links to a folder that is read already": 13}


def test_files_of_systems_and_editors_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path / "cats")
    fill(tmp_path / "cats" / "@eaDir")
    fill(tmp_path / "__MACOSX" / "cats", name="._{}.png")
    fill(tmp_path / ".ipynb_checkpoints")
    for name in (".DS_Store", "cats/._0.png", "cats/Thumbs.db", "notes.TXT", "cats/b.heic", "cats/c.heic", "README"):
        (tmp_path / name).write_bytes(b"x")
    os.mkfifo(tmp_path / "cats" / "pipe.png")
    (tmp_path / "cats" / "empty.png").mkdir()
    found = find_images(tmp_path)
    assert found.folders == {"cats": 2}
    assert found.left_out == {
        "hidden or of the system": 6,
        ".heic": 2,
        ".txt": 1,
        "without suffix": 1,
        "not regular files": 1,
    }
    assert "2 .heic (b.heic), " in found.describe_left_out()


def test_many_unknown_suffixes_stay_one_line(tmp_path: Path) -> None:
    fill(tmp_path)
    for number in range(20):
        (tmp_path / f"file.\n{number}").touch()
    line = find_images(tmp_path).describe_left_out()
    assert line.endswith("14 others")
    assert line.isprintable()


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Training", "val"), ("train", None)])
def test_a_folder_of_splits_is_read_as_these(train: str, test: str | None, tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        fill(tmp_path / train / name, 3)
        if test:
            fill(tmp_path / test / name, 1)
    layout = read_layout(tmp_path, None)
    assert layout.classes == ["cats", "dogs"]
    assert len(layout.train) == 6
    assert (layout.test is None) is (test is None)
    assert layout.test is None or len(layout.test) == 2
    assert layout.train.root == tmp_path / train
    elsewhere = read_layout(tmp_path, fill(tmp_path.with_name("held-out") / "dogs").parent)
    assert elsewhere.train.root == tmp_path / train
    assert elsewhere.test is not None
    assert len(elsewhere.test) == 2
    everything = read_layout(tmp_path, tmp_path)
    assert everything.test == everything.train
    assert len(everything.train) == 6 + 2 * bool(test)


def test_further_splits_are_named_and_other_folders_refused(tmp_path: Path) -> None:
    for name in ("train", "val", "test"):
        fill(tmp_path / name)
    layout = read_layout(tmp_path, None)
    assert layout.test is not None
    assert layout.test.root == tmp_path / "test"
    assert "unused folders: val" in layout.describe(1)
    fill(tmp_path / "extra")
    with pytest.raises(UserError, match=r"train and test beside extra: name data\.path=.*/train data\.test_path=.*/te"):
        read_layout(tmp_path, None)


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for name in ("bus", "train"):
        fill(tmp_path / name)
    assert read_layout(tmp_path, None).classes == ["bus", "train"]


def test_held_out_images_are_numbered_by_the_training_classes(tmp_path: Path) -> None:
    train, test = tmp_path / "a", tmp_path / "b"
    for name in ("birds", "cats", "dogs"):
        fill(train / name)
    fill(test / "dogs")
    layout = read_layout(train, test)
    assert layout.shared_classes == ["birds", "cats", "dogs"]
    assert layout.labels(layout.test, 3).tolist() == [2, 2]
    fill(test / "fish")
    layout = read_layout(train, test)
    assert layout.shared_classes == []
    assert set(layout.labels(layout.test, 1).tolist()) == {0}
    with pytest.raises(UserError, match=r"fish/0\.png is of class fish, but .* has birds, cats, dogs: .*num_classes=1"):
        layout.labels(layout.test, 3)
    with pytest.raises(UserError, match=r"b/0\.png is of no class"):
        layout.labels(read_layout(train, fill(tmp_path / "b")).test, 3)


def test_the_number_of_classes_is_explained(tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        fill(tmp_path / name)
    layout = read_layout(tmp_path, None)
    with pytest.raises(UserError, match=r"^data\.num_classes=3, but .* has 2: cats, dogs$"):
        layout.labels(layout.train, 3)
    (tmp_path / "preview.png").write_bytes((tmp_path / "cats" / "0.png").read_bytes())
    layout = read_layout(tmp_path, None)
    assert layout.classes == []
    with pytest.raises(UserError, match=r"has none: images lie beside its folders, such as preview\.png: move them"):
        layout.labels(layout.train, 2)
    layout = read_layout(tmp_path / "cats", None)
    with pytest.raises(UserError, match=r"has none: it has no folders of images"):
        layout.labels(layout.train, 2)


def test_one_line_describes_what_was_found(tmp_path: Path) -> None:
    fill(tmp_path / "cats", 3)
    fill(tmp_path / os.fsdecode(b"caf\xe9"), 2)
    Image.new("L", (20, 10)).save(tmp_path / "cats" / "wide.png")
    (tmp_path / "cats" / "broken.png").write_bytes(b"")
    (tmp_path / "notes.txt").touch()
    layout = read_layout(tmp_path, None)
    assert layout.describe(2) == (
        f"7 images in {tmp_path}; classes: caf\\udce9 2, cats 5; 8x8 to 20x10 pixels, 1 unreadable; "
        f"left out of {tmp_path}: 1 .txt (notes.txt)"
    )
    assert "classes ignored (data.num_classes=1): caf" in layout.describe(1)
    for number in range(20):
        fill(tmp_path / f"class{number:02}", 5)
    line = read_layout(tmp_path, None).describe(22)
    assert "class03 5 and 16 more; 8x8 to" in line
    assert "(of 100 looked at)" in line


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, scandir = fill(tmp_path / "closed"), os.scandir

    def refuse(path: Path | os.DirEntry[str]) -> Any:
        if os.fspath(path) == str(closed):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(UserError, match=r"data\.path: cannot list the folder .*closed \(Permission denied\)"):
        read_layout(tmp_path, None)
