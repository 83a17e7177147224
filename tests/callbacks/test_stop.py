"""Early stopping: each criterion, its message, and resuming afterwards."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback

from gan.callbacks.evaluation import Evaluation
from gan.callbacks.monitor import Monitor
from gan.callbacks.stop import Stop
from gan.errors import UserError
from tests.conftest import TINY, Run

Train = Callable[..., Run]

SMALL = [*TINY, "model=mlp_gan", "model.discriminator.width=16", "trainer.max_steps=30", "trainer.log_every_n_steps=2"]
UNSCORED = [*SMALL, "callbacks.evaluation=null", "evaluate.every_n_steps=30"]
UNMOVED = "optimizer.generator.lr=0"  # D soon wins against this G, and no score is better than the first
SATURATED = [UNMOVED, "optimizer.discriminator.lr=2e-3", "callbacks.stop.saturation=0.9", "callbacks.stop.windows=3"]


class Scored(Evaluation):
    """Evaluation with given scores, lower being better."""

    def __init__(self, every_n_steps: int = 1) -> None:
        super().__init__(SimpleNamespace(), every_n_steps)
        evaluator: Any = SimpleNamespace(name="score", higher_is_better={"score": False})
        self.evaluator = evaluator

    def add(self, step: int, score: float) -> None:
        self.scores[step] = {"score": score}


def step_ended(step: int, stop: Stop, *others: Callback, names: Sequence[str] = ("d/x", "g/x")) -> bool:
    """Return whether ``stop`` ends training at a step, after the other callbacks have acted."""
    strategy = SimpleNamespace(broadcast=lambda reason: reason)
    trainer: Any = SimpleNamespace(global_step=step, callbacks=[*others, stop], should_stop=False, strategy=strategy)
    stop.on_train_batch_end(trainer, None, dict.fromkeys(names), None, 0)
    return trainer.should_stop


def steps_to_stop(stop: Stop, accuracies: list[tuple[float, float]], **measures: float) -> int | None:
    """Return the number of the window after which ``stop`` ends training, given D's accuracies in each window."""
    monitor = Monitor(10)
    for window, (real, fake) in enumerate(accuracies, start=1):
        monitor.latest = {"d/accuracy_real": real, "d/accuracy_fake": fake, **measures}
        monitor.closed_at = 10 * window
        if step_ended(10 * window, stop, monitor):
            return window
        assert not step_ended(10 * window, stop, monitor, names=["d/x"]), "a window counts once"
        assert not step_ended(10 * window + 1, stop, monitor)
    return None


# Runs of train.py ----------------------------------------------------------------------------------------------------


def test_patience_ends_a_run_normally(train: Train) -> None:
    options = [*SMALL, UNMOVED, "model.generator.norm=none", "evaluate.every_n_steps=3"]
    run = train(*options, "callbacks.stop.patience=2", "trainer.log_every_n_steps=50")
    assert run.status == 0, run.err
    assert run.results["global_step"] == 9
    assert run.results["stopped"] == "at step 9: no better score than at step 3 in 2 evaluations"
    assert f"Stopped  {run.results['stopped']}\n" in run.out
    assert list(run.results["scores"]) == ["3", "6", "9"]
    assert run.checkpoint()["global_step"] == 9
    assert run.checkpoint("best")["global_step"] == 9, "the last of equal scores"
    assert "train/d/gradient_norm" in (run.folder / "metrics.csv").read_text()


def test_balance_ends_a_run(train: Train) -> None:
    options = ["callbacks.stop.balance=0.49", "callbacks.stop.windows=2", "optimizer.discriminator.lr=0"]
    run = train(*UNSCORED, *options)
    assert run.status == 0, run.err
    assert "within 0.49 of 1/2 for 2 windows" in run.results["stopped"]
    assert run.results["global_step"] == 4
    assert run.checkpoint()["global_step"] == 4, "a stopped run ends with a checkpoint, like any other"
    assert (run.folder / "samples" / "000004.png").is_file()


def test_a_saturated_discriminator_is_warned_of_once_and_ends_a_run_if_asked(train: Train) -> None:
    run = train(*UNSCORED, *SATURATED)
    assert run.status == 0, run.err
    assert run.results["global_step"] == 30
    assert run.results["stopped"] is None
    assert run.err.count("D's accuracy was at least 0.9 for 3 windows") == 1
    for advice in ("optimizer.discriminator.lr", "real_label=0.9", "instance_noise", "loss=wgan_gp", "non_saturating"):
        assert advice in run.err

    again = train(f"ckpt={run.folder}", "trainer.max_steps=40", "callbacks.stop.stop_on_saturation=true")
    assert again.results["global_step"] == 32, "D has been saturated throughout"
    assert "at least 0.9 for 3 windows" in again.results["stopped"]
    assert "optimizer.discriminator.lr" not in again.err, "the run was warned already"


@pytest.mark.long
def test_a_resumed_run_stops_at_the_same_step_and_can_continue(train: Train) -> None:
    """Interrupted within a window, and between two counted windows."""
    options = [*UNSCORED, *SATURATED, "callbacks.stop.stop_on_saturation=true", "trainer.log_every_n_steps=4"]
    whole = train(*options, name="whole")
    assert whole.results["stopped"], whole.err
    step = whole.results["global_step"]
    assert 12 <= step < 30
    parts = train(*options, f"trainer.max_steps={step - 5}", name="parts")
    assert parts.results["stopped"] is None
    assert parts.checkpoint()["callbacks"]["Stop"]["saturated"] == 1
    parts = train(f"ckpt={parts.folder}", "trainer.max_steps=30", name="parts")
    assert parts.results["stopped"] == whole.results["stopped"]
    assert parts.results["game"] == whole.results["game"]

    options = [f"trainer.max_steps={step + 6}", "callbacks.stop.stop_on_saturation=false"]
    continued = train(f"ckpt={parts.folder}", *options, name="parts")
    assert continued.results["global_step"] == step + 6
    assert continued.results["stopped"] is None
    assert "Stopped" not in continued.out


def test_impossible_criteria_are_one_line(train: Train) -> None:
    for option, message in (
        ("callbacks.stop.balance=0.5", "callbacks.stop.balance=0.5 should be below 0.5"),
        ("callbacks.stop.patience=3", "callbacks.stop.patience needs scores, from callbacks.evaluation"),
    ):
        run = train(*UNSCORED, option)
        assert run.status == 2
        assert run.err.splitlines()[-1] == f"error: {message}"


def test_stopping_on_saturation_needs_a_threshold() -> None:
    with pytest.raises(ValueError, match="stop_on_saturation needs"):
        Stop(saturation=None, stop_on_saturation=True)


# Counting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scores", "end"), [([5, 4, 3, 3, 3], 5), ([5, 6, 4, 7, 4, 1], 5), ([3, 2, 3, 1, 2], None)])
def test_patience_counts_evaluations_since_the_best(scores: list[float], end: int | None) -> None:
    stop, evaluation = Stop(patience=2), Scored()
    ends = []
    for step, score in enumerate(scores, start=1):
        evaluation.add(step, score)
        ends += [step] if step_ended(step, stop, evaluation) else []
    assert ends[:1] == ([end] if end else [])


def test_the_final_score_of_an_interrupted_run_does_not_count_for_patience() -> None:
    stop, evaluation = Stop(patience=2), Scored(every_n_steps=10)
    for step, ends in ((10, False), (13, False), (20, False), (30, True)):
        evaluation.add(step, float(step))
        assert step_ended(step, stop, evaluation) == ends


EVEN, WON, BETWEEN = (0.45, 0.57), (1.0, 0.996), (0.6, 0.8)


@pytest.mark.parametrize(
    ("stop", "accuracies", "end"),
    [
        (Stop(balance=0.05, windows=2), [EVEN, BETWEEN, EVEN, EVEN], 4),
        (Stop(balance=0.05, windows=1), [WON, (0.9, 0.1)], 2),
        (Stop(balance=0.001, windows=1), [EVEN, WON], None),
        (Stop(stop_on_saturation=True, windows=2), [WON, BETWEEN, WON, WON], 4),
        (Stop(stop_on_saturation=True, windows=1), [(1.0, 0.98)], None),
        (Stop(saturation=1.0, stop_on_saturation=True, windows=1), [WON, (1.0, 1.0)], 2),
        (Stop(), 10 * [WON] + 10 * [EVEN], None),
    ],
)
def test_only_consecutive_windows_count(stop: Stop, accuracies: list[tuple[float, float]], end: int | None) -> None:
    assert steps_to_stop(stop, accuracies) == end
    assert (stop.reason is None) == (end is None)


@pytest.mark.parametrize(
    ("saturation", "measures", "warnings"),
    [(0.995, {"d/js": 0.69}, 1), (0.995, {"d/wasserstein": 3.0}, 0), (None, {"d/js": 0.69}, 0)],
)
def test_warnings(
    caplog: pytest.LogCaptureFixture, saturation: float | None, measures: dict[str, float], warnings: int
) -> None:
    assert steps_to_stop(Stop(saturation=saturation), 12 * [WON], **measures) is None
    assert caplog.text.count("try a lower optimizer.discriminator.lr") == warnings


def test_counts_are_checkpointed() -> None:
    first, second = Stop(balance=0.05, windows=3), Stop(balance=0.05, windows=3)
    assert steps_to_stop(first, [EVEN, EVEN]) is None
    second.load_state_dict(first.state_dict())
    assert steps_to_stop(second, [EVEN]) == 1


def test_a_window_is_checkpointed() -> None:
    first, second = Monitor(10), Monitor(10)
    first.pending = [(1, {"d/x": torch.tensor(0.1)}), (2, {"d/x": torch.tensor(0.2), "g/x": torch.tensor(3.0)})]
    second.load_state_dict(first.state_dict())
    second.pending = [(3, {"d/x": torch.tensor(0.5)})]
    second.read()
    assert second.values == {"d/x": torch.tensor([0.1, 0.2, 0.5]).tolist(), "g/x": [3.0]}
    second.pending = [(4, {"g/gradient_norm": torch.tensor(float("inf"))})]
    with pytest.raises(UserError, match="g/gradient_norm became inf by generator update 4"):
        second.read()


# Models without a discriminator ---------------------------------------------------------------------------------------


def test_a_model_without_a_discriminator_is_refused(train: Train) -> None:
    stop, monitor = Stop(windows=1), Monitor(10)
    monitor.latest, monitor.closed_at = {"g/elbo": 1.0}, 10
    assert not step_ended(10, stop, monitor, names=["g/elbo"])
    run = train(*TINY, "model=vae", "callbacks.stop.balance=0.02", "trainer.max_steps=1")
    assert run.status == 2
    assert "need a discriminator, which this model does not have" in run.err
