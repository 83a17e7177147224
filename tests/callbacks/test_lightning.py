"""Lightning's own callbacks, loggers and profilers, and a user's ``self.log``, on the clock of generator updates."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from gan.models.dcgan import DCGAN
from gan.runs.folder import RunFolder
from tests.conftest import TINY, Run, run_here

Train = Callable[..., Run]

HERE = "tests.callbacks.test_lightning"
LIGHTNING = "pytorch_lightning.callbacks"


class Recorder(Callback):
    """Callback that logs from several hooks, and records what it sees.

    Attributes:
        last: The latest instance.
        validations: Metrics by step, at the end of each validation.
    """

    last: "Recorder"

    def __init__(self) -> None:
        self.validations: list[tuple[int, dict[str, float]]] = []
        self.bar: dict[str, Any] = {}
        Recorder.last = self

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.log_dict({"hook/batch": float(batch_idx + 1), "hook/step": float(trainer.global_step)}, prog_bar=True)
        if any(name.startswith("g/") for name in outputs):
            self.log("hook/updated", float(trainer.global_step))

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.log("hook/validation", 10.0 * trainer.global_step)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.validations.append((trainer.global_step, metrics))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.bar = dict(trainer.progress_bar_metrics)


class LoggingDCGAN(DCGAN):
    """DCGAN that logs in its own step."""

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        terms = super().training_step(batch, batch_idx)
        self.log("module/d", terms["d/adversarial"])
        return terms


class BatchSize:
    """Number of rows of a batch, for ThroughputMonitor."""

    def __call__(self, batch: Any) -> int:
        return len(batch[0])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def column(name: str, logged: list[dict[str, str]]) -> dict[int, float]:
    return {int(row["step"]): float(row[name]) for row in logged if row.get(name)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run of five updates of G, with five of D for each, and Lightning's callbacks beside ours."""
    folder = tmp_path_factory.mktemp("lightning") / "run"
    options = ["trainer.max_steps=5", "trainer.log_every_n_steps=2", "evaluate.every_n_steps=4"]
    parts = {
        "callbacks.recorder": f"{HERE}.Recorder",
        "callbacks.rates": f"{LIGHTNING}.LearningRateMonitor",
        "callbacks.throughput": f"{LIGHTNING}.ThroughputMonitor",
        "callbacks.throughput.batch_size_fn": f"{HERE}.BatchSize",
        "callbacks.best": f"{LIGHTNING}.ModelCheckpoint",
        "logger.lightning": "pytorch_lightning.loggers.CSVLogger",
    }
    parts_options = [f"+{key}._target_={target}" for key, target in parts.items()]
    settings = ["+callbacks.best.monitor=val/fd_classifier", "+logger.lightning.save_dir=${run_dir}"]
    run = run_here(
        "train.py",
        *TINY,
        "loss=wgan_gp",
        f"model._target_={HERE}.LoggingDCGAN",
        *options,
        *parts_options,
        *settings,
        f"hydra.run.dir={folder}",
        folder=folder,
    )
    assert run.status == 0, run.err
    return run


def test_values_of_a_users_hook_are_logged_on_generator_updates(run: Run) -> None:
    logged = rows(run.folder / "metrics.csv")
    assert column("hook/step", logged) == column("hook/updated", logged) == {2: 2, 4: 4, 5: 5}
    assert column("hook/batch", logged) == {2: 10, 4: 20, 5: 25}, "of the batch that updated G, not of any other"
    assert column("module/d", logged).keys() == {2, 4, 5}
    assert column("hook/validation", logged) == {4: 40, 5: 50}
    assert "epoch" not in logged[0]


def test_other_loggers_receive_each_value_once(run: Run) -> None:
    ours, theirs = rows(run.folder / "metrics.csv"), rows(run.folder / "lightning_logs" / "version_0" / "metrics.csv")
    for name in ("hook/step", "lr-Adam", "train/d/adversarial", "train/samples", "val/fd_classifier"):
        steps = [int(row["step"]) for row in theirs if row[name]]
        assert len(steps) == len(set(steps)), name
        assert column(name, theirs) == pytest.approx(column(name, ours), rel=1e-5)


def test_an_evaluation_is_a_validation_with_all_losses_and_scores(run: Run) -> None:
    assert [step for step, _ in Recorder.last.validations] == [4, 5]
    for step, metrics in Recorder.last.validations:
        assert metrics["val/fd_classifier"] == pytest.approx(run.results["scores"][str(step)]["fd_classifier"])
        assert {"train/d/adversarial", "train/d/gradient_penalty", "train/g/adversarial", "hook/step"} <= metrics.keys()
    assert Recorder.last.validations[-1][1]["train/g/adversarial"] == pytest.approx(
        run.results["game"]["g/adversarial"]
    )


def test_the_progress_bar_shows_losses_score_and_a_users_value(run: Run) -> None:
    assert Recorder.last.bar.keys() >= {"d", "g", "fd_classifier", "hook/step"}
    assert f"fd_classifier={run.results['scores']['5']['fd_classifier']:.4g}" in run.err
    assert "hook/step=5" in run.err


def test_learning_rates_and_throughput(run: Run) -> None:
    logged = rows(run.folder / "metrics.csv")
    assert {2: 2e-3, 4: 2e-3, 5: 2e-3}.items() <= column("lr-Adam-1", logged).items()
    assert column("train/samples", logged) == {2: 160, 4: 320, 5: 400}


def test_model_checkpoint_saves_the_best_score(run: Run) -> None:
    ours = {RunFolder(run.folder).last, RunFolder(run.folder).previous, RunFolder(run.folder).best}
    (path,) = set((run.folder / "checkpoints").iterdir()) - ours
    assert torch.load(path, weights_only=True)["global_step"] == run.results["best_step"]


def test_a_resumed_run_logs_on_the_same_steps(train: Train) -> None:
    rates = f"+callbacks.rates._target_={LIGHTNING}.LearningRateMonitor"
    steps = ["trainer.log_every_n_steps=2", "callbacks.evaluation=null", "callbacks.neighbors=null"]
    run = train(*TINY, "loss=wgan", rates, *steps, "trainer.max_steps=2")
    assert run.status == 0, run.err
    again = train(f"ckpt={run.folder}", "trainer.max_steps=4")
    assert again.status == 0, again.err
    assert column("lr-RMSprop", rows(run.folder / "metrics.csv")).keys() == {0, 2, 4}


def test_early_stopping_by_a_score(train: Train) -> None:
    early = [f"+callbacks.early._target_={LIGHTNING}.EarlyStopping", "+callbacks.early.monitor=val/fd_classifier"]
    early += ["+callbacks.early.patience=2", "+callbacks.early.min_delta=1"]
    options = ["optimizer.generator.lr=0", "model.generator.norm=none"]
    run = train(*TINY, *options, *early, "trainer.max_steps=30", "evaluate.every_n_steps=2", "trainer.profiler=simple")
    assert run.status == 0, run.err
    assert run.results["global_step"] == 6
    assert run.results["stopped"].startswith("at step 6: Monitored metric val/fd_classifier did not improve")
    assert "Profiler Report" in run.err


def test_a_monitored_metric_that_is_not_logged_is_one_line(train: Train) -> None:
    early = [f"+callbacks.early._target_={LIGHTNING}.EarlyStopping", "+callbacks.early.monitor=val/fd_clasifier"]
    run = train(*TINY, *early, "trainer.max_steps=2", "evaluate.every_n_steps=1")
    assert run.status == 2
    message = "EarlyStopping: monitor=val/fd_clasifier is not logged; did you mean 'val/fd_classifier'?"
    assert run.err.splitlines()[-1] == f"error: {message}"


def test_a_bar_of_lightnings_own(train: Train) -> None:
    bar = [f"callbacks.progress._target_={LIGHTNING}.TQDMProgressBar"]
    run = train(*TINY, *bar, "trainer.max_steps=2", "trainer.log_every_n_steps=1", "evaluate.every_n_steps=1")
    assert run.status == 0, run.err
    assert "fd_classifier=" in run.out + run.err


def test_device_stats(train: Train) -> None:
    pytest.importorskip("psutil", reason="psutil is not installed: pip install -e '.[dev]'")
    stats = f"+callbacks.stats._target_={LIGHTNING}.DeviceStatsMonitor"
    options = ["loss=wgan", "trainer.max_steps=4", "trainer.log_every_n_steps=2", "callbacks.evaluation=null"]
    run = train(*TINY, stats, *options)
    assert run.status == 0, run.err
    logged = rows(run.folder / "metrics.csv")
    for hook in ("start", "end"):
        names = [name for name in logged[0] if f"on_train_batch_{hook}" in name]
        assert names
        assert all(column(name, logged).keys() == {2, 4} for name in names)


@pytest.mark.long
def test_callbacks_on_two_ranks(train: Train) -> None:
    parts = ["rates._target_=LearningRateMonitor", "best._target_=ModelCheckpoint", "best.monitor=train/g/adversarial"]
    parts += ["early._target_=EarlyStopping", "early.monitor=val/fd_classifier"]
    options = [f"+callbacks.{part}".replace("_=", f"_={LIGHTNING}.") for part in parts]
    ranks = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
    steps = ["trainer.max_steps=4", "trainer.log_every_n_steps=2", "evaluate.every_n_steps=2"]
    run = train(*TINY, *ranks, *options, *steps, f"+callbacks.recorder._target_={HERE}.Recorder", apart=True)
    assert run.status == 0, run.err
    logged = rows(run.folder / "metrics.csv")
    assert column("hook/step", logged) == {2: 2, 4: 4}
    assert column("lr-Adam", logged).keys() == {0, 2, 4}
    assert len(list((run.folder / "checkpoints").iterdir())) == 4
