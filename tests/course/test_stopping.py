"""Chapter on stopping: the rules are those of the callback, and their costs are against the best of the run."""

import random

import pytest

from gan.callbacks.stop import Stop
from gan.course.stopping import GROUPS, correlation, replay
from gan.course.stopping_rules import RULES, Curves, at_balance, by_patience, kept_score
from tests.callbacks.test_stop import Scored, step_ended, steps_to_stop
from tests.course.recipes import sweep_of


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("distance", [0.1, 0.2, 0.3])
def test_balance_is_that_of_the_callback(seed: int, distance: float) -> None:
    rng = random.Random(seed)
    windows = [(rng.uniform(0.4, 0.9), rng.uniform(0.4, 0.9)) for _ in range(40)]
    accuracies = {window: (real + fake) / 2 for window, (real, fake) in enumerate(windows, start=1)}
    stop = Stop(balance=distance, saturation=None, windows=3)
    assert at_balance(accuracies, distance, windows=3) == steps_to_stop(stop, windows)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("patience", [1, 2, 3])
def test_patience_is_that_of_the_callback(seed: int, patience: int) -> None:
    rng = random.Random(seed)
    scores = {step: rng.random() / step for step in range(1, 40)}
    evaluation, stop, ended = Scored(), Stop(patience=patience), None
    for step, score in scores.items():
        evaluation.add(step, score)
        if step_ended(step, stop, evaluation):
            ended = step
            break
    assert by_patience(scores, patience) == ended


def test_a_rule_costs_what_the_score_is_above_the_best() -> None:
    curves = Curves({10: 100.0, 20: 50.0, 30: 80.0, 40: 40.0}, {}, {})
    assert replay(RULES["patience 1"], curves) == {"stopped": True, "step": 30, "cost": pytest.approx(25)}
    assert replay(RULES["patience 2"], curves) == {"stopped": False, "step": 40, "cost": 0}


def test_scores_between_evaluations_are_interpolated() -> None:
    scores = {10: 100.0, 20: 25.0}
    assert kept_score(scores, 15, best=False) == pytest.approx(50)
    assert kept_score(scores, 15, best=True) == 100
    assert kept_score(scores, 5, best=False) == pytest.approx(100)


def test_correlation_is_of_ranks() -> None:
    curves = Curves({1: 9.0, 2: 4.0, 4: 1.0}, {}, {1: 100.0, 3: 10.0, 5: 1.0})
    assert correlation(curves) == pytest.approx(1), "a score belongs to the window that it lies in"


def test_the_runs_are_among_those_of_chapter_3() -> None:
    sweep = sweep_of("alternating")
    for loss, k in GROUPS:
        assert loss in sweep["loss"].split(",")
        assert str(k) in sweep["loss.critic_steps"].split(",")
