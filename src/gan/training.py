"""From a configuration to a trained generator: build, fit, report."""

import json
import logging
import os
import secrets
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from pytorch_lightning import Trainer, seed_everything
from pytorch_lightning.callbacks import ProgressBar
from pytorch_lightning.plugins.environments import LightningEnvironment, TorchElasticEnvironment
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from gan.callbacks.interruption import Interrupted, Interruption, requeue
from gan.callbacks.save_config import SaveConfig
from gan.checkpoint.exported import find as find_exported
from gan.checkpoint.reading import load_weights, read
from gan.checkpoint.trust import check_trusted
from gan.config import plain, resumed
from gan.data.base import ImageDataModule
from gan.distributed.devices import device_of, local_ranks
from gan.distributed.environment import RankInfo, rank_info
from gan.distributed.group import broadcast_from_rank_zero, check_same_settings, process_group, propagate_errors
from gan.distributed.launch import launch
from gan.distributed.strategy import NetworksStrategy
from gan.errors import UserError, one_line
from gan.host import cache_cuda_absence, cores, fast_precision, retain_freed_memory, set_threads
from gan.instantiate import build, check_call
from gan.loggers.tracking import MetricsCSVLogger, WeightsAndBiases
from gan.report.choices import heading, past_commands
from gan.report.page import NAME as PAGE
from gan.report.page import write_page
from gan.results import collect, summary

__all__ = ["train"]

log = logging.getLogger(__name__)

PRECISIONS = ("32-true", "32", "bf16-mixed", "16-mixed")  # images and penalties are float32
OWN = ("id", "name", "run_dir")  # what each rank makes up; the first one's count


def train(config: DictConfig) -> dict[str, Any]:
    """Train as a configuration says, or go on where the checkpoint ``config.ckpt`` ends.

    Where it asks for several devices, and no launcher has started a process for each, they are started here.

    Args:
        config: What ``conf/train.yaml`` composes to.

    Returns:
        What is written to ``results.json`` in the run's folder.

    Raises:
        UserError: If something is wrong that the user can mend.
        Interrupted: If a signal told the run to leave; all that it did is saved.
    """
    warnings.filterwarnings("ignore", message=r".*isinstance\(treespec, LeafSpec\)")  # between Lightning and torch
    warnings.filterwarnings("ignore", message=".*not supported by the model summary")  # weights are float32
    warnings.filterwarnings("ignore", message="The `srun` command is available")  # a run need not be a job
    folder = Path(config.run_dir)
    try:
        here = rank_info()
        alone = here.local_world == 1
        config = resolve_config(config) if alone else config
        ranks = local_ranks(config.trainer, here)
        world = ranks * (here.world if alone else here.nodes)
        if config.data.batch_size % world:
            raise UserError(f"data.batch_size={config.data.batch_size} cannot be shared evenly by {world} ranks")
        if alone and ranks > 1:
            if device_of(config.trainer, here).type == "cpu" and ranks > cores():
                log.warning("trainer.devices=%s: so many ranks share %d cores", config.trainer.devices, cores())
            launch(train, config, ranks, here, _logging())
            results: dict[str, Any] = json.loads((folder / "results.json").read_text())
            return results
        device = device_of(config.trainer, here)
        set_threads(here.local_world, here.world)
        cache_cuda_absence()
        if device.type == "cpu":
            retain_freed_memory()
        if here.rank > 0:  # the first one speaks for all
            logging.disable(logging.WARNING)
            warnings.simplefilter("ignore")
        with process_group(device), propagate_errors():
            check_same_settings({key: value for key, value in plain(config, resolve=False).items() if key not in OWN})
            return _train(broadcast_from_rank_zero(lambda: config if alone else resolve_config(config)), here)
    except MisconfigurationException as error:
        raise UserError(" ".join(str(error).split())) from error
    finally:
        if not _in_sweep():  # which logs to it yet
            with suppress(OSError):  # it is not there, or not empty, as it should be
                folder.rmdir()


def _train(config: DictConfig, here: RankInfo) -> dict[str, Any]:
    """Train as one of the ranks, or alone."""
    start, folder, first = perf_counter(), Path(config.run_dir), here.rank == 0
    checkpoint = read(config.ckpt) if config.ckpt is not None else None
    if checkpoint is not None:
        check_trusted(plain(config))  # as it is built, with this call's options
    seed_everything(config.seed, verbose=False)
    data, model = build(config.data), build(config.model)
    if chosen := config.trainer.precision == "auto":
        with open_dict(config):
            config.trainer.precision = broadcast_from_rank_zero(partial(_precision, config, data, here))
    callbacks = [build(node) for node in config.callbacks.values() if node is not None]
    if not config.trainer.enable_progress_bar:
        callbacks = [callback for callback in callbacks if not isinstance(callback, ProgressBar)]
    if checkpoint is not None:
        load_weights(model, checkpoint, config.ckpt)  # before anything is written, should they not fit
    interruption = Interruption()
    trainer = _trainer(config, here, [*callbacks, SaveConfig(plain(config, resolve=False)), interruption])
    if first:
        write_config(folder, config, resuming=checkpoint is not None)
        if chosen and config.trainer.precision != "32-true":
            log.info("Precision %s, which is fast here; trainer.precision=32-true is exact", config.trainer.precision)
        with _error_kept(folder):
            trainer.loggers = [
                MetricsCSVLogger(folder, step=checkpoint["global_step"] if checkpoint else 0),
                *(build(node) for node in (config.logger or {}).values()),
            ]
    with interruption.listening(), log_resume_hint(folder, first), _tracked(trainer, config):
        with _error_kept(folder if first else None), propagate_errors():
            trainer.fit(model, datamodule=data, ckpt_path=config.ckpt, weights_only=True)
            results = collect(config, trainer, perf_counter() - start)
            if first:
                (folder / "results.json").write_text(json.dumps(results, indent=2) + "\n")
        if first:
            _write_page(folder)
            print(summary(results, _shown(folder)))
    return results


def resolve_config(config: DictConfig) -> DictConfig:
    """Settle what the command line left open: options, where the run goes on from a checkpoint, and names.

    A job that Slurm has started again goes on from its last checkpoint, if it came to one.

    Raises:
        UserError: If the checkpoint cannot be read, or there is nothing left to do.
    """
    folder, restarted = Path(config.run_dir), int(os.environ.get("SLURM_RESTART_COUNT", "0")) > 0
    last = folder / "checkpoints" / "last.ckpt"
    again = restarted and last.is_file()
    if again or config.ckpt is not None:
        ckpt = last if again else Path(config.ckpt)
        if find_exported(ckpt) is not None:
            raise UserError(f"ckpt={ckpt} is an exported generator, which cannot go on training: name a run")
        ckpt = ckpt / "checkpoints" / "last.ckpt" if ckpt.is_dir() else ckpt
        checkpoint = read(ckpt)
        if HydraConfig.initialized():
            overrides = [] if config.ckpt is None else list(HydraConfig.get().overrides.task)
            config = resumed(checkpoint["config"], config, overrides)
        if not again and 0 <= config.trainer.max_steps <= (step := checkpoint["global_step"]):
            raise UserError(f"{ckpt} has done its {step} generator updates: set trainer.max_steps above that to go on")
        with open_dict(config):
            config.ckpt = str(ckpt)
    with open_dict(config):
        config.run_dir, config.name = str(folder), str(config.name)  # hydra's own values end with this process
        if restarted and (folder / "config.yaml").is_file():  # it may not have come to a checkpoint
            config.id = OmegaConf.load(folder / "config.yaml").id
        config.id = config.id or secrets.token_hex(4)
    if not (isinstance(config.seed, int) and 0 <= config.seed < 2**32):
        raise UserError(f"seed={config.seed} should be a whole number from 0 to 4294967295")
    return config


def _precision(config: DictConfig, data: ImageDataModule, here: RankInfo) -> str:
    """Choose the precision that is fast here, and fine enough for the images."""
    return fast_precision(device_of(config.trainer, here)) if data.pixels else "32-true"


def _trainer(config: DictConfig, here: RankInfo, callbacks: list[Any]) -> Trainer:
    settings = check_call(Trainer, plain(config.trainer), "trainer")
    if settings["log_every_n_steps"] < 1:
        raise UserError("trainer.log_every_n_steps must be at least 1")
    if str(settings["precision"]) not in PRECISIONS:
        raise UserError(f"trainer.precision={settings['precision']} is not one of auto, {', '.join(PRECISIONS)}")
    if here.world > 1:
        chosen = settings["devices"]
        devices = chosen if isinstance(chosen, list) and len(chosen) == here.local_world else here.local_world
        settings = {"strategy": NetworksStrategy()} | settings | {"devices": devices, "num_nodes": here.nodes}
    if settings["sync_batchnorm"] and device_of(config.trainer, here).type == "cpu":
        raise UserError("trainer.sync_batchnorm=true: PyTorch's batch norm over ranks needs GPUs")
    try:
        return Trainer(
            **settings,
            plugins=[TorchElasticEnvironment() if here.world > 1 else LightningEnvironment()],
            max_epochs=-1,  # the data module shuffles without end; generator updates are the one clock
            use_distributed_sampler=False,
            callbacks=callbacks,
            logger=False,
            default_root_dir=config.run_dir,
        )
    except (ValueError, TypeError, MisconfigurationException, RuntimeError) as error:
        raise UserError(f"trainer: {' '.join(str(error).split())}") from error


def write_config(folder: Path, config: DictConfig, resuming: bool) -> None:
    """Write the resolved configuration below the commands that it comes from, unless the folder holds another run."""
    if (folder / "checkpoints").exists() and not resuming:
        raise UserError(f"{folder} holds a run: go on with ckpt={folder}, or choose another hydra.run.dir")
    folder.mkdir(parents=True, exist_ok=True)
    comments = heading(_overrides(), past_commands(folder) if resuming else [])
    (folder / "config.yaml").write_text(comments + OmegaConf.to_yaml(config, resolve=True))


@contextmanager
def _error_kept(folder: Path | None) -> Iterator[None]:
    """Leave an error that ends the run in a file, in one line, for reports; an earlier one is no longer true."""
    if folder is None:  # another rank's task
        yield
        return
    path = folder / "error.txt"
    path.unlink(missing_ok=True)
    try:
        yield
    except BaseException as error:
        ended = isinstance(error, SystemExit) and not isinstance(error, Interrupted)  # Lightning, at a second Ctrl-C
        with suppress(OSError):  # a full disk, which may be the error itself
            path.write_text(one_line((error.__context__ if ended else None) or error) + "\n")
        raise


@contextmanager
def _tracked(trainer: Trainer, config: DictConfig) -> Iterator[None]:
    """Tell the trackers what the run is, and end their runs with it, however it ends."""
    runs = [tracker for tracker in trainer.loggers if isinstance(tracker, WeightsAndBiases)]
    for tracker in trainer.loggers:
        tracker.log_hyperparams(plain(config))
    try:
        yield
    except BaseException as error:
        for run in runs:
            run.abandon(will_go_on=isinstance(error, Interrupted))
        raise
    for run in runs:
        run.close(Path(config.run_dir))


@contextmanager
def log_resume_hint(folder: Path, first: bool) -> Iterator[None]:
    """Say how an interrupted run goes on, once all that it had open is closed."""
    try:
        yield
    except Interrupted as end:
        if first:
            log.info("%s; %s", end, requeue() if end.requeue else f"go on with ckpt={_shown(folder)}")
        raise


def _write_page(folder: Path) -> None:
    """Write the run's page; whatever is wrong with it, the run's results are there already."""
    try:
        write_page(folder)
    except Exception as error:  # of any kind: what ends a run well must not lose what it came to
        log.warning("%s could not be written (%s); try again with python -m gan.report", folder / PAGE, one_line(error))


def _overrides() -> list[str]:
    """Return what the command line set; a process that another one started for a rank knows it from there."""
    if HydraConfig.initialized():
        return list(HydraConfig.get().overrides.task)
    return [part for part in sys.argv[1:] if "=" in part and not part.startswith(("-", "hydra."))]


def _in_sweep() -> bool:
    return HydraConfig.initialized() and HydraConfig.get().mode is RunMode.MULTIRUN


def _logging() -> dict[str, Any]:
    """Return how Hydra set up logging in this process, for one that it does not start."""
    return plain(HydraConfig.get().job_logging) if HydraConfig.initialized() else {}


def _shown(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
