"""Arguments of Lightning's Trainer: each is an option of conf/trainer, or refused with what to use instead."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from omegaconf import OmegaConf
from pytorch_lightning import Trainer
from pytorch_lightning.plugins import TorchCheckpointIO

from gan.config import CONF
from gan.foreign_options import INSTEAD
from tests.conftest import TINY, Run

Train = Callable[..., Run]

SHORT = [*TINY, "callbacks.evaluation=null", "callbacks.neighbors=null", "callbacks.samples=null"]


class RecordingIO(TorchCheckpointIO):
    """Checkpoint plugin that records the paths that it has written."""

    written: ClassVar[list[Path]] = []

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        RecordingIO.written.append(Path(path))
        super().save_checkpoint(checkpoint, path, storage_options)


def test_each_argument_is_an_option_or_refused() -> None:
    options = {f"trainer.{name}" for name in map(str, OmegaConf.load(CONF / "trainer" / "default.yaml"))}
    arguments = {f"trainer.{name}" for name in inspect.signature(Trainer).parameters}
    assert options.isdisjoint(INSTEAD)
    assert arguments <= options | INSTEAD.keys()
    assert options <= arguments


@pytest.mark.parametrize("plus", ["", "+"])
def test_a_refused_argument_is_one_line(train: Train, plus: str) -> None:
    run = train(f"{plus}trainer.limit_train_batches=3")
    assert run.status == 2
    advice = "use trainer.max_steps, in generator updates"
    assert run.err == f"error: trainer.limit_train_batches has no meaning here: {advice}\n"


def test_strategy_profiler_and_plugins_are_built_from_their_classes(train: Train) -> None:
    strategy = "trainer.strategy={_target_: pytorch_lightning.strategies.SingleDeviceStrategy, device: cpu}"
    profiler = "trainer.profiler={_target_: pytorch_lightning.profilers.SimpleProfiler, filename: profile}"
    plugins = "trainer.plugins=[{_target_: tests.test_trainer.RecordingIO}]"
    others = ["trainer.max_steps=1", "trainer.detect_anomaly=true"]
    run = train(*SHORT, strategy, profiler, plugins, *others)
    assert run.status == 0, run.err
    assert "Profiler Report" in (run.folder / "fit-profile.txt").read_text()
    assert RecordingIO.written[-1].parent == run.folder / "checkpoints"


def test_a_part_of_the_wrong_kind_is_one_line(train: Train) -> None:
    run = train(*SHORT, "trainer.strategy={_target_: pytorch_lightning.profilers.SimpleProfiler}")
    assert run.status == 2
    assert run.err.splitlines()[-1].startswith("error: trainer.strategy")


def test_min_steps_delays_early_stopping(train: Train) -> None:
    balance = ["callbacks.stop.balance=0.49", "callbacks.stop.windows=1", "optimizer.discriminator.lr=0"]
    options = ["trainer.max_steps=9", "trainer.log_every_n_steps=1", "trainer.min_steps=4"]
    run = train(*SHORT, *balance, *options)
    assert run.status == 0, run.err
    assert run.results["global_step"] == 4
    assert run.results["stopped"]


@pytest.mark.long
def test_max_time_ends_a_run(train: Train) -> None:
    run = train(*SHORT, "trainer.max_steps=100000", "trainer.max_time=00:00:00:01")
    assert run.status == 0, run.err
    step = run.results["global_step"]
    assert 0 < step < 100_000
    assert run.results["stopped"] == f"at step {step}: trainer.max_time is over"
    again = train(f"ckpt={run.folder}")
    assert "had used up trainer.max_time: it may take as long again" in again.err
    assert again.results["global_step"] > step


@pytest.mark.parametrize(
    "strategy", ["fsdp", "deepspeed_stage_2", "{_target_: pytorch_lightning.strategies.FSDPStrategy}"]
)
def test_strategies_that_split_networks_are_refused(train: Train, strategy: str) -> None:
    """Norms of gradients and moving averages would be those of a part."""
    run = train(*SHORT, f"trainer.strategy={strategy}")
    assert run.status == 2
    name = "FSDPStrategy" if "FSDP" in strategy else strategy
    assert run.err.startswith(f"error: trainer.strategy: {name} splits networks over devices, but clipping, ")
    assert run.err.count("\n") == 1
