"""Formatting of text of unknown origin."""

from gan.formats import printable


def test_text_of_unknown_origin_is_one_printable_line() -> None:
    assert printable("é – 日本 a|b") == "é – 日本 a|b"
    assert printable("a\x1b[2Jb\r\nc\udcff\u202e\x9b") == r"a\x1b[2Jb\r\nc\udcff\u202e\x9b"
    assert printable("x" * 40_000, limit=3) == "xxx... (40,000 characters)"
