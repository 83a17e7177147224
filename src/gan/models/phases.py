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
        discriminator: Whether the discriminator is trained. Otherwise each batch is one generator update.
        adversarial: Whether the generator's loss has the terms that need the discriminator. None if that is trained;
            false lets it learn to tell the fakes of a generator that does not yet respond.
    """

    steps: PositiveInt
    discriminator: bool = False
    adversarial: bool | None = None

    def __post_init__(self) -> None:
        if self.adversarial and not self.discriminator:
            raise ValueError("adversarial=true needs a discriminator that is trained: set discriminator=true")

    @property
    def is_adversarial(self) -> bool:
        """Whether the generator's loss has the terms that need the discriminator."""
        return self.discriminator if self.adversarial is None else self.adversarial


GAME = Phase(steps=1, discriminator=True)
"""The phase after all others, which has no end."""


def phase_at(phases: Sequence[Phase], step: int) -> Phase:
    """Return the phase of the generator update after ``step`` others."""
    for phase in phases:
        if step < phase.steps:
            return phase
        step -= phase.steps
    return GAME
