"""Protocol of scores in words."""

from collections.abc import Mapping
from typing import Any

__all__ = ["describe_measures"]


def describe_measures(measures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return each measure's name with its settings, such as ``kernel subsets=100 subset_size=1000``."""
    return [" ".join([name, *(f"{key}={value}" for key, value in chosen.items())]) for name, chosen in measures.items()]
