"""Rows of a metrics.csv that other programs, power cuts and full disks have touched."""

from pathlib import Path

import pytest

from gan.runs.metrics_rows import MetricsRows, read_rows

WHOLE = b"step,a,val/b\r\n2,1.5,\r\n4,2.5,30\r\n"
CELLS = {2: {"a": "1.5"}, 4: {"a": "2.5", "val/b": "30"}}


@pytest.mark.parametrize(
    ("data", "lost"),
    [
        (WHOLE, 0),
        (WHOLE.replace(b"\r\n", b"\n"), 0),
        (WHOLE.replace(b"\r\n", b"\r"), 0),
        (WHOLE.replace(b"\r\n", b"\r\r\n"), 0),
        (b"\xef\xbb\xbf" + WHOLE, 0),
        (WHOLE.replace(b",", b"\t"), 0),
        (WHOLE.replace(b",", b";").replace(b".", b","), 0),
        (b'"step","a","val/b"\n"2","1.5",""\n"4","2.5","30"', 0),
        (b"val/b,step,a\n,2,1.5\n30,4,2.5\n", 0),
        (b"step,a,val/b\n4,2.5,30\n2,1.5\n", 0),
        (b"step,a,val/b\n2.0,1.5,\n4,7,30\n4,2.5,\n", 0),
        (WHOLE + b"6,3.", 1),
        (WHOLE + b"6,3.\0\0\0\0\0\0", 1),
        (WHOLE + b"\0" * 100, 1),
        (WHOLE + b"six,3,4\n", 1),
        (WHOLE + b"-6,3,4\n-inf,3,4\n1e300,3,4\n6.5,3,4\n", 4),
        (WHOLE + b"6,3,4,5\n", 1),
        (b"step,a,val/b\n2,1.5,#DIV/0!\n4,2.5,30\n", 1),
        (b"step,a,val/b\n2,1.5,\n\xff\xfe,1,2\n4,2.5,30\n", 1),
        (b"step,a,val/b\n2,1.5,\n" + b"6," + b"9" * 200_000 + b",1\n4,2.5,30\n", 1),
    ],
)
def test_what_is_readable_is_kept(tmp_path: Path, data: bytes, lost: int) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(data)
    assert read_rows(path) == MetricsRows(CELLS, lost)


@pytest.mark.parametrize(
    ("data", "lost"),
    [
        (b"", False),
        (b"\r\n", False),
        (b"step,a\r\n", False),
        (b"a,b\n1,2\n", True),
        (WHOLE[5:], True),
        (WHOLE.decode().encode("utf-16"), True),
        (b"PK\3\4\0\0", True),
    ],
)
def test_nothing_is_readable(tmp_path: Path, data: bytes, lost: bool) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(data)
    rows = read_rows(path)
    assert (rows.cells, rows.lost > 0) == ({}, lost)


def test_reading_up_to_an_offset(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(WHOLE + b"6,3.")
    assert read_rows(path, len(WHOLE)) == MetricsRows(CELLS, 0)
    assert read_rows(path, 0) == MetricsRows({}, 0)
