"""Warnings of a run, each once, and what its messages advise."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from gan.callbacks.monitor import _remedy
from gan.callbacks.run_warnings import RunWarnings
from gan.results import _poor_scores


def test_each_message_is_collected_once_while_a_run_trains() -> None:
    log, found = logging.getLogger("gan.callbacks.stop"), RunWarnings()
    found.load_state_dict({"messages": ["of an earlier part"]})
    log.warning("before")
    found.setup(Mock(), Mock(), "fit")
    for message in ("%s has won", "%s has won", "%s images"):
        log.warning(message, "D")
    log.info("no warning")
    logging.getLogger("another").warning("of another package")
    found.teardown(Mock(), Mock(), "fit")
    log.warning("after")
    assert found.state_dict() == {"messages": ["of an earlier part", "D has won", "D images"]}
    found.setup(Mock(), Mock(), "fit")
    found.on_exception(Mock(), Mock(), KeyError())
    log.warning("after an error")
    assert len(found.messages) == 3


@pytest.mark.parametrize(
    ("score", "higher", "poor"),
    [(1.0, False, False), (9.0, False, True), (9.0, True, False), (1.0, True, True), (float("nan"), False, True)],
)
def test_a_score_no_better_than_noise_is_a_warning(score: float, higher: bool, poor: bool) -> None:
    evaluator: Any = SimpleNamespace(name="fd", higher_is_better={"fd": higher})
    evaluation: Any = SimpleNamespace(best=(4, score), evaluator=evaluator, baselines={"noise": 5.0})
    warnings = _poor_scores(evaluation)
    assert bool(warnings) == poor
    assert all("no better than that of noise, 5:" in warning for warning in warnings)


def test_a_checkpoint_is_named_only_if_there_is_one(tmp_path: Path) -> None:
    checkpoint = tmp_path / "last.ckpt"
    assert _remedy([checkpoint]).startswith("there is no checkpoint yet: start again with lower learning rates")
    checkpoint.touch()
    assert _remedy([checkpoint]).startswith("the last good checkpoint is kept: resume from it with lower")
