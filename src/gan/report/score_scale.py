"""Position of a score between noise and held-out real images."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from gan.formats import number

__all__ = ["ScoreScale", "score_scale"]


class ScoreScale(NamedTuple):
    """Position of a score from 0 (noise) to 100 (held-out real images), and a remark about it."""

    percent: float
    remark: str


def score_scale(
    score: float, baselines: Mapping[str, float], higher_is_better: bool, real_images: str = "held-out real images"
) -> ScoreScale | None:
    """Locate a score between its baselines, on a logarithmic scale for positive scores where lower is better.

    Returns:
        The position, or None if the baselines are missing, equal or not finite.
    """
    held_out, noise = baselines.get("held_out", math.nan), baselines.get("noise", math.nan)
    if not all(map(math.isfinite, (score, held_out, noise))) or held_out == noise:
        return None
    if higher_is_better or min(score, held_out, noise) <= 0:
        part, remark = (score - noise) / (held_out - noise), ""
    else:
        part = math.log(noise / score) / math.log(noise / held_out)
        remark = f"{number(score / held_out, 2)} × {real_images}"
    return ScoreScale(100 * min(1.0, max(0.0, part)), remark)
