"""Chapters of the course by name, in the order of its pages."""

from gan.course import (
    alternating,
    biggan,
    distances,
    game,
    hacks,
    logits,
    measuring,
    mode_collapse,
    optimizers,
    rivals,
    stopping,
    styles,
    summary,
)
from gan.course.chapter import Chapter

__all__ = ["CHAPTERS"]

CHAPTERS: dict[str, Chapter] = {
    "game": game.CHAPTER,
    "logits": logits.CHAPTER,
    "alternating": alternating.CHAPTER,
    "optimizers": optimizers.CHAPTER,
    "distances": distances.CHAPTER,
    "mode_collapse": mode_collapse.CHAPTER,
    "hacks": hacks.CHAPTER,
    "measuring": measuring.CHAPTER,
    "rivals": rivals.CHAPTER,
    "stopping": stopping.CHAPTER,
    "styles": styles.CHAPTER,
    "biggan": biggan.CHAPTER,
    "summary": summary.CHAPTER,
}
