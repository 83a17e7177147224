"""Stopping rules of chapter 10, as functions of what a whole run has logged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

__all__ = ["RULES", "Curves", "Rule", "at_balance", "by_patience", "kept_score"]

WINDOWS = 5  # as callbacks.stop.windows


@dataclass(frozen=True)
class Curves:
    """Logged values of a run by generator update.

    Attributes:
        scores: Score of each evaluation; lower is better.
        accuracies: D's accuracy, the mean of real and fake images, in each window.
        estimates: D's estimate of the distance in each window.
    """

    scores: Mapping[int, float]
    accuracies: Mapping[int, float]
    estimates: Mapping[int, float]


@dataclass(frozen=True)
class Rule:
    """Stopping rule.

    Attributes:
        description: Condition, in words.
        stop: Returns the step at which the rule ends a run; None if it does not.
        keeps_best: Whether the generator with the best score so far is kept, rather than the last one.
    """

    description: str
    stop: Callable[[Curves], int | None]
    keeps_best: bool = False


def at_balance(accuracies: Mapping[int, float], distance: float, windows: int = WINDOWS) -> int | None:
    """Return the first step at which D's accuracy was within a distance of 1/2 for a number of windows.

    This is ``callbacks.stop.balance``.
    """
    held = 0
    for step, accuracy in accuracies.items():
        held = held + 1 if abs(accuracy - 0.5) <= distance else 0
        if held == windows:
            return step
    return None


def by_patience(values: Mapping[int, float], patience: int) -> int | None:
    """Return the first step at which the lowest of some values was ``patience`` values ago.

    Of scores, this is ``callbacks.stop.patience``.
    """
    lowest, since = float("inf"), 0
    for step, value in values.items():
        lowest, since = (value, 0) if value < lowest else (lowest, since + 1)
        if since == patience:
            return step
    return None


def kept_score(scores: Mapping[int, float], step: int, best: bool) -> float:
    """Return the score that remains of a run that ends at a step: the best so far, or that of the last generator.

    Between two evaluations, the logarithm of the score is interpolated linearly. Before the first, it is the first.
    """
    if best:
        return min(score for at, score in scores.items() if at <= step)
    return float(np.exp(np.interp(step, list(scores), np.log(list(scores.values())))))


def _balance(distance: float) -> Rule:
    stop = partial(at_balance, distance=distance)
    return Rule(f"D's accuracy within {distance} of 1/2 for {WINDOWS} windows", lambda run: stop(run.accuracies))


def _patience(number: int) -> Rule:
    evaluations = f"{number} evaluation{'s' if number > 1 else ''}"
    return Rule(
        f"no better score in {evaluations}, best kept", lambda run: by_patience(run.scores, number), keeps_best=True
    )


def _estimate(windows: int) -> Rule:
    return Rule(f"no lower estimate in {windows} windows", lambda run: by_patience(run.estimates, windows))


RULES: dict[str, Rule] = {
    **{f"balance {distance}": _balance(distance) for distance in (0.02, 0.05, 0.1)},
    **{f"patience {number}": _patience(number) for number in (1, 2, 3)},
    **{f"estimate {windows}": _estimate(windows) for windows in (5, 10)},
}
"""Rules by name."""
