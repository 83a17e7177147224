"""Sequence whose items are made when they are indexed."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar, overload

__all__ = ["LazySequence"]

Item = TypeVar("Item")


class LazySequence(Sequence[Item]):
    """Sequence of items that are made one by one; a slice is a list of them."""

    @abstractmethod
    def item(self, index: int) -> Item:
        """Return an item, counted from 0."""

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return [self.item(row) for row in range(*index.indices(len(self)))]
        return self.item(range(len(self))[index])
