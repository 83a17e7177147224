"""Members of tar files that are whole, cut at any byte, or damaged."""

import io
import tarfile
from pathlib import Path

import pytest

from gan.data.tar_members import whole_members
from gan.errors import UserError

LONG = "folder/" * 20  # a name that needs blocks of its own


def write(path: Path, names: list[str], form: int) -> list[int]:
    """Write members of 700 bytes; return where the content of each ends."""
    with tarfile.open(path, "w", format=form) as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 700
            tar.addfile(info, io.BytesIO(b"x" * 700))
    with tarfile.open(path) as tar:
        return [member.offset_data + 700 for member in tar]


def names_of(path: Path) -> list[str]:
    with tarfile.open(path, "r:") as tar:
        return [member.name for member in whole_members(tar, path)]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_file_is_whole_or_refused_wherever_it_is_cut(tmp_path: Path, form: int) -> None:
    names, path = ["a.png", f"{LONG}b.png", "c.png"], tmp_path / "cut.tar"
    ends = write(path, names, form)
    content = path.read_bytes()
    edges = [*ends, *range(1024, ends[-1] + 1200, 512)]
    lengths = {512 + 100, *(edge + step for edge in edges for step in (-1, 0, 1, 200))}
    accepted = set[int]()
    for length in sorted(lengths):
        path.write_bytes(content[:length])
        try:
            found = names_of(path)
        except UserError as error:
            whole = [name for name, end in zip(names, ends, strict=True) if end <= length]
            place = f"after {whole[-1]}" if whole else "within its first member"
            assert str(error) == f"data.path: {path} is cut off {place}: copy it again"  # noqa: PT017
        else:
            accepted.add(length)
            assert found == [name for name, end in zip(names, ends, strict=True) if end <= length]
    padding = {length for end in ends for length in range(end, end + 325)}
    assert accepted == lengths & (padding | set(range(ends[-1], 2 * ends[-1])))


def test_a_damaged_header_is_no_end(tmp_path: Path) -> None:
    path = tmp_path / "damaged.tar"
    write(path, ["a.png", "b.png"], tarfile.GNU_FORMAT)
    content = bytearray(path.read_bytes())
    content[3 * 512 + 10] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"damaged\.tar is damaged after a\.png: copy it again"):
        names_of(path)
