"""Where a score lies between noise and held-out real images."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from gan.report.charts import number

__all__ = ["Ruler", "ruler"]


class Ruler(NamedTuple):
    """A score's place from 0 (noise) to 100 (held-out real images), and what it means in words."""

    place: float
    words: str


def ruler(score: float, baselines: Mapping[str, float], higher_is_better: bool) -> Ruler | None:
    """RankInfo a score, on a logarithmic scale where that is the one that tells scores apart.

    Returns:
        None if it cannot be placed.
    """
    held_out, noise = baselines.get("held_out", math.nan), baselines.get("noise", math.nan)
    if not all(map(math.isfinite, (score, held_out, noise))) or held_out == noise:
        return None
    if higher_is_better or min(score, held_out, noise) <= 0:
        part, words = (score - noise) / (held_out - noise), ""
    else:
        part = math.log(noise / score) / math.log(noise / held_out)
        words = f"{number(score / held_out, 2)} × held-out real images"
    return Ruler(100 * min(1.0, max(0.0, part)), words)
