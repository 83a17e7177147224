"""Phases of training before the game, counted in generator updates."""

from collections.abc import Sequence
from dataclasses import dataclass

from gan.bounds import PositiveInt

__all__ = ["GAME", "Phase", "phase_at"]


@dataclass(frozen=True)
class Phase:
    """Part of a run in which a player may rest, such as a pretraining of the generator on pixel errors.

    Attributes:
        steps: Generator updates that the phase lasts.
        discriminator: Whether the discriminator is trained. Otherwise the generator's loss consists of the terms that
            need no discriminator, and each batch is one generator update.
    """

    steps: PositiveInt
    discriminator: bool = False


GAME = Phase(steps=1, discriminator=True)
"""The phase after all others, which has no end."""


def phase_at(phases: Sequence[Phase], step: int) -> Phase:
    """Return the phase of the generator update after ``step`` others."""
    for phase in phases:
        if step < phase.steps:
            return phase
        step -= phase.steps
    return GAME
