"""Training: build a run from its configuration, fit it, and report."""

import json
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from omegaconf import DictConfig, OmegaConf
from pytorch_lightning import Callback, LightningDataModule, LightningModule, Trainer, seed_everything
from pytorch_lightning.callbacks import ProgressBar
from pytorch_lightning.loggers import Logger
from pytorch_lightning.loggers.logger import DummyLogger
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from gan.annotations import check_value
from gan.bare_config import with_run_folder
from gan.callbacks.interruption import Aborted, Interrupted, Interruption, requeue
from gan.callbacks.run_warnings import RunWarnings
from gan.callbacks.save_config import SaveConfig
from gan.checkpoint.reading import load_weights, read
from gan.checkpoint.transfer import transfer
from gan.checkpoint.whole import naming_what_is_kept, set_aside
from gan.config import plain
from gan.distributed.devices import device_of, local_ranks
from gan.distributed.environment import RankInfo, rank_info
from gan.distributed.group import broadcast_from_rank_zero, check_same_settings, propagate_errors
from gan.distributed.launch import launch
from gan.distributed.session import rank_session
from gan.errors import UserError, one_line
from gan.foreign_options import refuse_foreign_options
from gan.host import cores, fast_precision, retain_freed_memory
from gan.instantiate import build, check_options, naming_origins
from gan.loggers.csv import MetricsCSVLogger
from gan.loggers.wandb import WeightsAndBiases
from gan.memory import build_within_memory, explaining_memory
from gan.options import OPTIONS
from gan.overrides import option
from gan.report.page import write_page
from gan.resolve import command_line_overrides, find_values, in_multirun, later_trust, logging_config, resolve_config
from gan.results import collect, summary
from gan.runs.begin import begin
from gan.runs.commands import LaterTrust, trust_override
from gan.runs.folder import RunFolder, relative_to_cwd
from gan.runs.lock import lock_run
from gan.runs.record import read_run
from gan.runs.writing import WriteError, write_text
from gan.shell import command_line
from gan.substitution import keep_references, substitute
from gan.trainer import build_trainer

__all__ = ["train"]

log = logging.getLogger(__name__)

PER_RANK_KEYS = ("id", "name", "run_dir")  # each rank draws its own; rank 0's are used
IGNORED_WARNINGS = (
    r".*isinstance\(treespec, LeafSpec\)",  # between Lightning and torch
    ".*not supported by the model summary",  # weights are float32 in every precision offered here
    "The `srun` command is available",  # a run need not be a Slurm job
)


def train(config: DictConfig, callbacks: Sequence[Callback] = (), loggers: Sequence[Logger] = ()) -> dict[str, Any]:
    """Train, or resume from the checkpoint ``config.ckpt``.

    If the configuration asks for several devices and no launcher has started a process for each, this function does.

    Args:
        config: Configuration composed from ``conf/train.yaml``.
        callbacks: Further callbacks, after those of the configuration.
        loggers: Further loggers.

    Returns:
        The contents of ``results.json`` in the run's folder.

    Raises:
        UserError: For errors that the user can correct.
        Interrupted: If a signal stopped the run after it was saved.
    """
    for message in IGNORED_WARNINGS:
        warnings.filterwarnings("ignore", message=message)
    config = with_run_folder(config)
    folder = RunFolder(Path(check_value(config.run_dir, str, "run_dir")))
    info = rank_info()
    launched = info.local_world > 1  # a launcher has started one process per device
    try:
        refuse_foreign_options(f"trainer.{name}" for name in config.trainer)  # those added with +
        if not launched:
            with _locked(folder, info):
                config = resolve_config(config)
        elif config.ckpt is None:  # otherwise the options of the checkpoint are checked
            check_options(find_values(keep_references(config)), OPTIONS)
        ranks = local_ranks(config.trainer, info)
        world = info.world if launched else ranks * info.nodes
        if config.data.batch_size % world:
            raise UserError(f"data.batch_size={config.data.batch_size} cannot be shared evenly by {world} ranks")
        if ranks > 1 and not launched:
            _launch_ranks(partial(train, callbacks=callbacks, loggers=loggers), config, ranks, info)
            results: dict[str, Any] = json.loads(folder.results.read_text(encoding="utf-8"))
            return results
        return _train_rank(config, info, not launched, callbacks, loggers)
    except MisconfigurationException as error:
        raise UserError(" ".join(str(error).split())) from error
    finally:
        if not in_multirun():  # a sweep still logs to the folder
            with suppress(OSError):  # the folder does not exist, or is not empty
                folder.path.rmdir()


def _launch_ranks(function: Callable[[DictConfig], Any], config: DictConfig, ranks: int, info: RankInfo) -> None:
    """Start one process per device of this machine, and wait for them."""
    if device_of(config.trainer, info).type == "cpu" and ranks > cores():
        log.warning("trainer.devices=%s: that many ranks share %d cores", config.trainer.devices, cores())
    launch(function, config, ranks, info, logging_config())


def _train_rank(
    config: DictConfig, info: RankInfo, resolved: bool, callbacks: Sequence[Callback], loggers: Sequence[Logger]
) -> dict[str, Any]:
    """Train as one of the ranks, or as the only one."""
    start = perf_counter()
    device = device_of(config.trainer, info)
    if device.type == "cpu":
        retain_freed_memory()
    if info.rank > 0:  # only rank 0 logs
        logging.disable(logging.WARNING)
        warnings.simplefilter("ignore")
    with rank_session(device), _locked(RunFolder(Path(config.run_dir)), info):
        given = plain(config, resolve=False)
        check_same_settings({key: value for key, value in given.items() if key not in PER_RANK_KEYS})
        config = broadcast_from_rank_zero(lambda: config if resolved else resolve_config(config))
        with naming_origins(plain(config, resolve=False)):
            run = _build_run(config, info, callbacks, loggers)
        return _fit_and_report(run, start)


def _locked(folder: RunFolder, info: RankInfo) -> AbstractContextManager[None]:
    """Hold the run's folder on rank 0, which alone writes in it."""
    return lock_run(folder.path) if info.rank == 0 else nullcontext()


# Build ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    """Everything that a run is built from its configuration."""

    config: DictConfig
    folder: RunFolder
    model: LightningModule
    data: LightningDataModule
    trainer: Trainer
    interruption: Interruption
    trust: LaterTrust

    @property
    def is_rank_zero(self) -> bool:
        return self.trainer.is_global_zero

    @property
    def trackers(self) -> list[WeightsAndBiases]:
        return [logger for logger in self.trainer.loggers if isinstance(logger, WeightsAndBiases)]


def _build_run(
    config: DictConfig, info: RankInfo, further_callbacks: Sequence[Callback], further_loggers: Sequence[Logger]
) -> _Run:
    """Build model, data, callbacks, trainer and loggers, and write config.yaml."""
    folder = RunFolder(Path(config.run_dir))
    checkpoint = None
    if config.ckpt is not None:
        checkpoint = read(config.ckpt, kinds={})  # resolve_config has accepted its configuration
    saved, config = config, OmegaConf.create(substitute(plain(config, resolve=False)))
    seed_everything(config.seed, verbose=False)
    data, model = build(config.data), build_within_memory(lambda: build(config.model))
    chosen = config.trainer.precision == "auto"
    if chosen:
        saved.trainer.precision = config.trainer.precision = broadcast_from_rank_zero(
            lambda: fast_precision(device_of(config.trainer, info)) if data.pixels else "32-true"
        )
    callbacks = [build(node) for node in (config.callbacks or {}).values() if node is not None]
    callbacks += further_callbacks
    if not config.trainer.enable_progress_bar:
        callbacks = [callback for callback in callbacks if not isinstance(callback, ProgressBar)]
    if checkpoint is not None:
        load_weights(model, checkpoint)  # fails before anything is written if they do not fit
    elif config.get("init") is not None:  # absent from earlier checkpoints
        transfer(model, config.init)
    interruption = Interruption()
    always = [RunWarnings(), SaveConfig(plain(saved, resolve=False)), interruption]
    trainer = build_trainer(config, info, [*callbacks, *always])
    if info.rank == 0:
        begin(folder, config, command_line_overrides())
        if checkpoint is not None:
            set_aside(folder, Path(config.ckpt), checkpoint.global_step)
        if chosen and config.trainer.precision != "32-true":
            log.info(
                "Precision %s is faster on this device; trainer.precision=32-true is exact",
                config.trainer.precision,
            )
        with _error_file(folder):
            trainer.loggers = [
                MetricsCSVLogger(folder.path, step=checkpoint.global_step if checkpoint else 0),
                *(build(node) for node in (config.logger or {}).values() if node is not None),
                *further_loggers,
            ]
    else:
        trainer.loggers = [DummyLogger()]  # some callbacks refuse to run without a logger
    trust = later_trust(plain(saved, resolve=False), folder.path) if info.rank == 0 else LaterTrust([], [])
    return _Run(config, folder, model, data, trainer, interruption, trust)


# Fit and report -------------------------------------------------------------------------------------------------------


def _fit_and_report(run: _Run, start: float) -> dict[str, Any]:
    with run.interruption.listening(), _resumable(run), _tracked(run):
        results = _fit(run, start)
        if run.is_rank_zero:
            _write_run_page(run.folder, run.trust)
            print(summary(results, run.folder, run.trust))
    return results


def _fit(run: _Run, start: float) -> dict[str, Any]:
    """Train, and write results.json, or error.txt if an error ends the run."""
    folder = run.folder if run.is_rank_zero else None
    with _error_file(folder), propagate_errors(), naming_what_is_kept(run.folder), explaining_memory():
        run.trainer.fit(run.model, datamodule=run.data, ckpt_path=run.config.ckpt, weights_only=True)
        results = collect(run.config, run.trainer, perf_counter() - start)
        if run.is_rank_zero:
            write_text(run.folder.results, json.dumps(results, indent=2) + "\n")
    return results


@contextmanager
def _error_file(folder: RunFolder | None) -> Iterator[None]:
    """Write an error that ends the run to error.txt as one line; delete the file of an earlier attempt.

    Args:
        folder: The run's folder; None on ranks other than 0.
    """
    if folder is None:
        yield
        return
    folder.error.unlink(missing_ok=True)
    try:
        yield
    except BaseException as error:
        if folder.config.is_file():  # the folder has not been deleted
            with suppress(WriteError):  # such as a full disk, which may be the error itself
                write_text(folder.error, one_line(error) + "\n")
        raise


@contextmanager
def _tracked(run: _Run) -> Iterator[None]:
    """Send the configuration to the loggers, and end the trackers' runs with this one."""
    for logger in run.trainer.loggers:
        logger.log_hyperparams(plain(run.config))
    try:
        yield
    except BaseException as error:
        for tracker in run.trackers:
            tracker.abandon(will_resume=isinstance(error, Interrupted))
        raise
    for tracker in run.trackers:
        tracker.close(run.folder.path)


@contextmanager
def _resumable(run: _Run) -> Iterator[None]:
    """After a signal that ends the run, requeue the Slurm job or log how to resume."""
    try:
        yield
    except (Aborted, Interrupted) as end:
        if run.is_rank_zero and not requeue(end):
            folder, latest = relative_to_cwd(run.folder.path), run.folder.latest_checkpoint
            again = f"resume with {option('ckpt', folder)} {trust_override(run.trust.resume)}".rstrip()
            resume = again if latest else "there is no checkpoint yet: start again with the same command"
            if latest and isinstance(end, Aborted):
                resume = f"the last checkpoint is {relative_to_cwd(latest)}; {again}"
            log.info("%s; %s", end, resume)
        raise


def _write_run_page(folder: RunFolder, trust: LaterTrust) -> None:
    """Write report.html; an error in it must not fail a finished run."""
    try:
        write_page(read_run(folder.path), trust)
    except Exception as error:  # of any kind
        again = command_line(["python", "-m", "gan.report", str(relative_to_cwd(folder.path))])
        log.warning("%s could not be written (%s); try again with %s", folder.page, one_line(error), again)
