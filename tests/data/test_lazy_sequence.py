"""Sequences of items that are made when they are indexed."""

import pytest

from gan.data.lazy_sequence import LazySequence


class Squares(LazySequence[int]):
    def __len__(self) -> int:
        return 4

    def item(self, index: int) -> int:
        assert 0 <= index < 4
        return index**2


def test_it_is_indexed_as_a_list() -> None:
    squares, known = Squares(), [0, 1, 4, 9]
    assert list(squares) == known
    assert [squares[index] for index in range(-4, 4)] == known + known
    assert squares[1:3] == known[1:3]
    assert squares[::-1] == known[::-1]
    for index in (4, -5):
        with pytest.raises(IndexError):
            squares[index]
