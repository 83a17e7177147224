"""Lines of text on pages: as many as fit, printable, and none of a missing file."""

from pathlib import Path

from gan.report.sampled_text import read_lines


def test_lines_are_limited_and_printable(tmp_path: Path) -> None:
    path = tmp_path / "1.txt"
    path.write_bytes(b"a\nb\x1b[31m\n\xff\n" + b"x" * 500 + b"\nlast\n")
    assert read_lines(path, 3) == ["a", "b\\x1b[31m", "\ufffd"]
    assert read_lines(path)[3].startswith("x" * 400 + "... (500")
    assert read_lines(tmp_path / "missing.txt") == []
