"""Progress bar for operations that take longer than two seconds."""

import sys
from collections.abc import Iterable
from math import ceil
from typing import TypeVar

from tqdm import tqdm

from gan.distributed.group import rank_and_world

__all__ = ["progress_bar"]

Item = TypeVar("Item")


def progress_bar(items: Iterable[Item], total: float, description: str) -> Iterable[Item]:
    """Iterate over items; after two seconds, show a bar on standard error of the first rank.

    Args:
        items: The items.
        total: Their number, rounded up.
        description: Label of the bar.
    """
    interval = 0.5 if sys.stderr.isatty() else 5
    hidden = rank_and_world()[0] > 0
    return tqdm(
        items,
        description,
        ceil(total),
        delay=2,
        mininterval=interval,
        leave=False,
        dynamic_ncols=True,
        disable=hidden,
    )
