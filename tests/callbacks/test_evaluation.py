"""Best score and last improvement of the evaluation callback."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from gan.callbacks.evaluation import Evaluation


@pytest.mark.parametrize(
    ("higher", "scores", "best", "improved_at"),
    [
        (False, {1: 3.0, 2: 1.0, 3: 2.0}, (2, 1.0), 2),
        (True, {1: 3.0, 2: 1.0, 3: 2.0}, (1, 3.0), 1),
        (True, {1: 24.0, 2: 25.0, 3: 25.0, 4: 25.0, 5: 23.0}, (4, 25.0), 2),
        (False, {}, None, None),
        (False, {1: math.nan, 2: 1.0, 3: math.nan}, (2, 1.0), 2),
    ],
)
def test_of_equal_scores_the_last_is_best_and_the_first_is_the_improvement(
    higher: bool, scores: dict[int, float], best: tuple[int, float] | None, improved_at: int | None
) -> None:
    evaluation = Evaluation(SimpleNamespace(), every_n_steps=1)
    evaluator: Any = SimpleNamespace(name="score", higher_is_better={"score": higher})
    evaluation.evaluator = evaluator
    evaluation.scores = {step: {"score": score, "other": -score} for step, score in scores.items()}
    assert evaluation.best == best
    assert evaluation.improved_at == improved_at


def test_the_saved_state_holds_no_network() -> None:
    evaluation = Evaluation(SimpleNamespace(), every_n_steps=1)
    evaluator: Any = SimpleNamespace(protocol={"features": "pixels"})
    evaluation.evaluator = evaluator
    assert evaluation.state_dict() == {"scores": {}, "protocol": {"features": "pixels"}}
