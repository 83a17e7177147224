"""Writing of files: whole or absent, on the disk, with the user's permissions, and never through a link."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gan.runs import writing
from gan.runs.writing import WriteError, atomic_path, hard_link, remove_partials, write_text


def test_a_file_appears_when_it_is_whole_and_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    def recorded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            events.append(name)
            return function(*arguments)

        return call

    monkeypatch.setattr(os, "fsync", recorded("fsync", os.fsync))
    monkeypatch.setattr(Path, "replace", recorded("replace", Path.replace))
    path = tmp_path / "new" / "file.txt"
    with atomic_path(path) as partial:
        partial.write_text("complete")
        assert not path.exists()
        assert partial.parent == path.parent, "a rename is atomic within a file system alone"
    assert path.read_text() == "complete"
    assert events == ["fsync", "replace", "fsync"], "the file, then its name"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_a_failure_leaves_what_was_there(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "file.txt"
    path.write_text("earlier")

    def fail() -> None:
        with atomic_path(path) as partial:
            partial.write_text("half")
            raise error

    expected = WriteError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        fail()
    if isinstance(error, OSError):
        assert str(caught.value) == f"cannot write {path} (No space left on device)"
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match=r"cannot write .*file/inner/x\.txt \(Not a directory\)"):
        write_text(tmp_path / "file" / "inner" / "x.txt", "text")


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")
def test_permissions_are_those_of_the_umask_and_links_are_replaced(tmp_path: Path) -> None:
    target, path = tmp_path / "elsewhere.txt", tmp_path / "file.txt"
    target.write_text("precious")
    path.symlink_to(target)
    before = os.umask(0o027)
    try:
        write_text(path, "new")
    finally:
        os.umask(before)
    assert target.read_text() == "precious"
    assert not path.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_temporary_name_that_is_taken_is_not_written_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names are random; here they can be predicted."""
    monkeypatch.setattr(writing.secrets, "token_hex", lambda _bytes: "0")
    target = tmp_path / "elsewhere.txt"
    target.write_text("precious")
    (tmp_path / "file.txt.0.partial").symlink_to(target)
    with pytest.raises(WriteError, match="File exists"):
        write_text(tmp_path / "file.txt", "new")
    assert target.read_text() == "precious"


@pytest.mark.skipif(os.name != "posix", reason="devices of POSIX")
def test_devices_are_written_to() -> None:
    null = Path(os.devnull)
    before = null.stat()
    write_text(null, "text")
    assert null.is_char_device(), "as root, a rename would replace the device"
    assert null.stat().st_ino == before.st_ino


@pytest.mark.parametrize("links", [True, False])
def test_another_name_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no links")))
    source, path = tmp_path / "last", tmp_path / "previous"
    source.write_text("new")
    path.write_text("old")
    for _ in range(2):  # the second time both are the same file
        hard_link(source, path)
        assert path.read_text() == "new"
        assert sorted(tmp_path.iterdir()) == [source, path]
    assert path.samefile(source) == links


def test_partial_files_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    kept = tmp_path / "checkpoints" / "last.ckpt"
    write_text(kept, "whole")
    for name in ("last.ckpt.1234.partial", "best.ckpt.5678.partial"):
        (kept.parent / name).write_text("half")
    remove_partials(tmp_path)
    assert list(kept.parent.iterdir()) == [kept]
