"""Formatting of text of unknown origin."""

from gan.formats import listed, printable


def test_text_of_unknown_origin_is_one_printable_line() -> None:
    assert printable("é – 日本 a|b") == "é – 日本 a|b"
    assert printable("a\x1b[2Jb\r\nc\udcff\u202e\x9b") == r"a\x1b[2Jb\r\nc\udcff\u202e\x9b"
    assert printable("x" * 40_000, limit=3) == "xxx... (40,000 characters)"


def test_a_long_list_ends_in_the_number_of_further_names() -> None:
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b"], 1_002) == "a, b and 1,000 more"
