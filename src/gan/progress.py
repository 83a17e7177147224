"""A progress bar for what takes more than two seconds."""

import sys
from collections.abc import Iterable
from math import ceil
from typing import TypeVar

from tqdm import tqdm

from gan.distributed.group import rank_and_world

__all__ = ["progress"]

Item = TypeVar("Item")


def progress(items: Iterable[Item], total: float, what: str) -> Iterable[Item]:
    """Pass items on, with a bar on the first rank's standard error once they have taken two seconds."""
    interval = 0.5 if sys.stderr.isatty() else 5
    hidden = rank_and_world()[0] > 0
    return tqdm(
        items, what, ceil(total), delay=2, mininterval=interval, leave=False, dynamic_ncols=True, disable=hidden
    )
