"""From a configuration to a trained generator: build, fit, report."""

import json
import os
import secrets
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict
from pytorch_lightning import Trainer, seed_everything
from pytorch_lightning.callbacks import ProgressBar
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from gan.callbacks.provenance import Provenance
from gan.checkpoint import load_weights, read
from gan.config import build, check_call, check_trusted, plain, resumed
from gan.errors import UserError, one_line
from gan.results import collect, summary
from gan.tracking import MetricsFile, WeightsAndBiases

__all__ = ["train"]

PRECISIONS = ("32-true", "32", "bf16-mixed", "16-mixed")  # images and penalties are float32


def train(config: DictConfig) -> dict[str, Any]:
    """Train as a configuration says, or go on where the checkpoint ``config.ckpt`` ends.

    Args:
        config: What ``conf/train.yaml`` composes to.

    Returns:
        What is written to ``results.json`` in the run's folder.

    Raises:
        UserError: If something is wrong that the user can mend.
    """
    warnings.filterwarnings("ignore", message=r".*isinstance\(treespec, LeafSpec\)")  # between Lightning and torch
    start = perf_counter()
    folder = Path(config.run_dir)
    try:
        config, ckpt, checkpoint = _prepare(config)
        seed_everything(config.seed, verbose=False)
        data, model = build(config.data), build(config.model)
        callbacks = [build(node) for node in config.callbacks.values() if node is not None]
        if not config.trainer.enable_progress_bar:
            callbacks = [callback for callback in callbacks if not isinstance(callback, ProgressBar)]
        if checkpoint is not None:
            load_weights(model, checkpoint, config.ckpt)  # before anything is written, should they not fit
        trainer = _trainer(config, [*callbacks, Provenance(plain(config, resolve=False))])
        _claim(folder, config, resuming=ckpt is not None)
        with _error_kept(folder / "error.txt"):
            trainer.loggers = [
                MetricsFile(folder, step=checkpoint["global_step"] if checkpoint else 0),
                *(build(node) for node in (config.logger or {}).values()),
            ]
        with _tracked(trainer, config), _stop_on_interrupt(trainer):
            with _error_kept(folder / "error.txt"):
                trainer.fit(model, datamodule=data, ckpt_path=ckpt, weights_only=True)
                results = collect(config, trainer, perf_counter() - start)
                (folder / "results.json").write_text(json.dumps(results, indent=2) + "\n")
            here = Path.cwd()
            print(summary(results, folder.relative_to(here) if folder.is_relative_to(here) else folder))
        return results
    except MisconfigurationException as error:
        raise UserError(" ".join(str(error).split())) from error
    finally:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()  # nothing came of it


def _prepare(config: DictConfig) -> tuple[DictConfig, Path | None, dict[str, Any] | None]:
    """Settle what the command line left open: the configuration, and the checkpoint to resume from."""
    ckpt, checkpoint = None, None
    if config.ckpt is not None:
        ckpt = Path(config.ckpt)
        ckpt = ckpt / "checkpoints" / "last.ckpt" if ckpt.is_dir() else ckpt
        checkpoint = read(ckpt)
        if HydraConfig.initialized():
            config = resumed(checkpoint["config"], config, list(HydraConfig.get().overrides.task))
    with open_dict(config):
        config.run_dir, config.name = str(config.run_dir), str(config.name)  # hydra's own values end with this process
        config.id = config.id or secrets.token_hex(4)
    if checkpoint is not None:
        check_trusted(plain(config))  # as it is built, with this call's options
        if 0 <= config.trainer.max_steps <= (step := checkpoint["global_step"]):
            raise UserError(f"{ckpt} has done its {step} generator updates: set trainer.max_steps above that to go on")
    if not (isinstance(config.seed, int) and 0 <= config.seed < 2**32):
        raise UserError(f"seed={config.seed} should be a whole number from 0 to 4294967295")
    return config, ckpt, checkpoint


def _trainer(config: DictConfig, callbacks: list[Any]) -> Trainer:
    settings = check_call(Trainer, plain(config.trainer), "trainer")
    if settings["log_every_n_steps"] < 1:
        raise UserError("trainer.log_every_n_steps must be at least 1")
    if str(settings["precision"]) not in PRECISIONS:
        raise UserError(f"trainer.precision={settings['precision']} is not one of {', '.join(PRECISIONS)}")
    try:
        return Trainer(
            **settings,
            max_epochs=-1,  # the data module shuffles without end; generator updates are the one clock
            use_distributed_sampler=False,
            callbacks=callbacks,
            logger=False,
            default_root_dir=config.run_dir,
        )
    except (ValueError, TypeError, MisconfigurationException, RuntimeError) as error:
        raise UserError(f"trainer: {' '.join(str(error).split())}") from error


def _claim(folder: Path, config: DictConfig, resuming: bool) -> None:
    """Write the resolved configuration, unless the folder holds another run."""
    if (folder / "checkpoints").exists() and not resuming:
        raise UserError(f"{folder} holds a run: go on with ckpt={folder}, or choose another hydra.run.dir")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(OmegaConf.to_yaml(config, resolve=True))


@contextmanager
def _error_kept(path: Path) -> Iterator[None]:
    """Leave an error that ends the run in a file, in one line, for reports; an earlier one is no longer true."""
    path.unlink(missing_ok=True)
    try:
        yield
    except BaseException as error:
        cause = error.__context__ if isinstance(error, SystemExit) else None  # how Lightning ends at a second Ctrl-C
        with suppress(OSError):  # a full disk, which may be the error itself
            path.write_text(one_line(cause or error) + "\n")
        raise


@contextmanager
def _tracked(trainer: Trainer, config: DictConfig) -> Iterator[None]:
    """Tell the trackers what the run is, and end their runs with it, however it ends."""
    runs = [tracker for tracker in trainer.loggers if isinstance(tracker, WeightsAndBiases)]
    for tracker in trainer.loggers:
        tracker.log_hyperparams(plain(config))
    try:
        yield
    except BaseException:
        for run in runs:
            run.experiment.finish(exit_code=1)
        raise
    for run in runs:
        run.close(Path(config.run_dir) / "checkpoints" / "best.ckpt")


@contextmanager
def _stop_on_interrupt(trainer: Trainer) -> Iterator[None]:
    """Let Ctrl-C end training after the step at hand, with a last score and checkpoint; a second one, at once."""
    process = os.getpid()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() != process:  # a loader's worker, which inherits the handler: its parent will end it
            return
        trainer.should_stop = True
        signal.signal(signal.SIGINT, before)
        print("\nStopping after this step (Ctrl-C again: at once) ...", file=sys.stderr)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
