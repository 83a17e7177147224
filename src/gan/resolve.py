"""Resolving a run's configuration: the checkpoint to resume from, its options, and the run's identity."""

import logging
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.loggers import Logger

from gan.annotations import check_value
from gan.checkpoint.accept import Kinds, accept, packages_to_trust
from gan.checkpoint.reading import SAMPLED, read
from gan.checkpoint.trust import Trust, local_trust, named_targets
from gan.checkpoint.whole import newest_whole
from gan.config import CONF, plain
from gan.distributed.environment import rank_info
from gan.errors import UserError
from gan.instantiate import build, check_options, naming_origins, signature
from gan.options import OPTIONS
from gan.resume_options import changes, resumed
from gan.runs.commands import LaterTrust, trust_options, trust_override
from gan.runs.folder import OutputPath, RunFolder, find_export, from_start, relative_to_cwd, run_folder_of
from gan.runs.record import read_run
from gan.substitution import get_value, keep_references, set_value, substitute

__all__ = [
    "FOUND_IN_DATA",
    "command_line_overrides",
    "find_values",
    "in_multirun",
    "later_trust",
    "logging_config",
    "resolve_config",
]

log = logging.getLogger(__name__)

FOUND_IN_DATA = (
    "num_classes",
    "vocabulary",
    "decoder",
    "vocabulary_size",
    "length",
    "attribute_sizes",
    "dimension",
    "dictionary",
)
"""Options of data that may be null, and are then found in its files."""

RESUMED: Kinds = {
    **SAMPLED,
    "callbacks": Mapping[str, Callback | None],
    "logger": Mapping[str, Logger | None],
    "trainer": signature(Trainer) | {"default_root_dir": OutputPath},
}
"""Parts that resuming builds."""


def resolve_config(config: DictConfig) -> DictConfig:
    """Return the configuration that a run uses and saves, in which only references to keys are left to substitute.

    A resumed run takes its options from the checkpoint, or from config.yaml if it was killed before its first one, and
    only single values from the command line. A job that Slurm has requeued resumes from its last checkpoint, if it
    wrote one.

    Raises:
        UserError: If the checkpoint cannot be read, has reached ``trainer.max_steps``, or an option is wrong.
    """
    folder = RunFolder(Path(config.run_dir))
    requeued = int(os.environ.get("SLURM_RESTART_COUNT", "0")) > 0
    ckpt, step = check_value(config.ckpt, str | None, "ckpt"), None
    named = None if ckpt is None else _checkpoint_path(from_start(Path(ckpt)))
    if requeued and folder.latest_checkpoint is not None:
        named = _newest_checkpoint(folder)
    if named is not None and named.is_dir():
        config = _restart(config, RunFolder(named))
    elif named is not None:
        config, step = _resume(config, named)
    with open_dict(config):
        config.run_dir, config.name = str(folder.path), str(check_value(config.name, str | int | float, "name"))
    kept = find_values(_without_settings_alone(keep_references(config)))
    config = OmegaConf.create(check_options(kept, OPTIONS))
    if named is not None and step is not None:
        _check_steps(config, named, step, requeued)
    with open_dict(config):
        if requeued and folder.config.is_file():  # the job may have ended before its first checkpoint
            config.id = read_run(folder.path).config.get("id")
        config.id = config.id or secrets.token_hex(4)
    return config


def later_trust(config: dict[str, Any], folder: Path) -> LaterTrust:
    """Check a run's configuration as sampling and resuming will, and say now what they will refuse.

    Args:
        config: Configuration for the checkpoints, in plain values with references to keys.
        folder: The run's folder.
    """
    packages: dict[str, list[str]] = {}
    for verb, kinds in {"sample": SAMPLED, "resume": RESUMED}.items():
        try:
            packages[verb] = packages_to_trust(config, kinds, folder)
        except UserError as error:
            log.warning("The checkpoints of this run cannot be used to %s: %s", verb, error)
            packages[verb] = []
    needed = LaterTrust(**packages)
    if unknown := set(needed.resume) - set(config.get("trust") or []):
        sampling = trust_options(needed.sample)
        log.warning(
            "Checkpoints of this run name classes of %s: resume with %s%s",
            ", ".join(sorted(unknown)),
            trust_override(needed.resume),
            sampling and f", sample with {sampling}",
        )
    return needed


def find_values(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration with the values that the data module finds where they are null; see ``FOUND_IN_DATA``."""
    if nulls := [name for name in FOUND_IN_DATA if get_value(config, f"data.{name}", default=1) is None]:
        with naming_origins(config):
            data = build(OmegaConf.create(substitute(config)).data)
        for name in nulls:
            set_value(config, f"data.{name}", getattr(data, name))
    return config


def _without_settings_alone(config: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a recipe sets of callbacks that ``callbacks=null`` has left out."""
    if HydraConfig.initialized() and HydraConfig.get().runtime.choices.get("callbacks") == "none":
        callbacks = config.get("callbacks") or {}
        kept = {name: node for name, node in callbacks.items() if node is None or "_target_" in node}
        config["callbacks"] = kept or None
    return config


def _checkpoint_path(path: Path) -> Path:
    """Return what ``ckpt=`` names: a checkpoint, the latest one of a run's folder, or a folder without any."""
    if find_export(path) is not None:
        raise UserError(f"ckpt={path} is an exported generator, which cannot resume training: name a run")
    return (_newest_checkpoint(RunFolder(path)) or path) if path.is_dir() else path


def _newest_checkpoint(run: RunFolder) -> Path | None:
    """Return a run's newest whole checkpoint; without one the latest, to be named as damaged; None if there is none."""
    found = newest_whole(run)
    if found is None or found.path == run.last:
        return run.latest_checkpoint
    state = "damaged" if run.last.is_file() else "missing"
    _log_once(
        "%s is %s: resuming from %s, of generator update %d",
        *(relative_to_cwd(run.last), state, relative_to_cwd(found.path), found.step),
    )
    return found.path


def _resume(config: DictConfig, path: Path) -> tuple[DictConfig, int]:
    """Take the options from a checkpoint, and single ones from the command line; return the checkpoint's step too."""
    checkpoint = read(path, kinds={})
    config = _adopt(config, checkpoint.saved)
    with open_dict(config):
        config.ckpt = str(path)
    return config, checkpoint.global_step


def _restart(config: DictConfig, run: RunFolder) -> DictConfig:
    """Take the options of a run that was killed before its first checkpoint, which starts again."""
    if not run.config.is_file():
        raise UserError(f"{run.path} holds no run: it has neither a checkpoint nor {run.config.name}")
    record = read_run(run.path)
    if "model" not in record.config:
        raise UserError(f"{run.path} has no checkpoint, and its {record.failure}: start it again with its command")
    _log_once("%s has no checkpoint yet: starting it again from its %s", run.path, run.config.name)
    config = _adopt(config, record.config)
    with open_dict(config):
        config.ckpt = None
    return config


def _adopt(config: DictConfig, saved: Mapping[str, Any]) -> DictConfig:
    """Return a saved configuration as this call may use it, with single options from the command line."""
    if not HydraConfig.initialized():  # a rank that this package started, whose options are resolved
        return config
    composed = keep_references(config)
    overrides = [] if config.ckpt is None else command_line_overrides()
    trust = _trust_of_this_call(composed)
    adopted = accept(resumed(saved, composed, overrides), RESUMED, trust, composed, Path(config.run_dir))
    for change in changes(saved, adopted):
        _log_once("%s", change)
    return OmegaConf.create(adopted)


def _check_steps(config: DictConfig, path: Path, step: int, requeued: bool) -> None:
    """Check that a checkpoint leaves something to do: training, or results that a kill has prevented.

    Raises:
        UserError: If it does not.
    """
    if not 0 <= config.trainer.max_steps <= step:
        return
    folder = run_folder_of(path)
    if config.trainer.max_steps < step or folder is None or (_is_finished(RunFolder(folder), step) and not requeued):
        raise UserError(f"{path} has {step} generator updates: set trainer.max_steps above that to continue")
    _log_once("%s has its %d generator updates: completing its results", folder, step)


def _is_finished(run: RunFolder, step: int) -> bool:
    results, newest = read_run(run.path).results, newest_whole(run)
    is_complete = results is not None and results.global_step == step and run.page.is_file()
    return is_complete and newest is not None and newest.path == run.last


def _log_once(message: str, *values: Any) -> None:
    """Log on the first rank, before the ranks that it may start."""
    if HydraConfig.initialized() and rank_info().rank == 0:
        log.info(message, *values)


def _trust_of_this_call(composed: dict[str, Any]) -> Trust:
    """Return trust in the packages of ``trust=``, and in classes that this call or its configuration folders name."""
    sources = [source for source in HydraConfig.get().runtime.config_sources if source.schema == "file"]
    trust = local_trust(composed.get("trust") or [], {CONF, *(Path(source.path) for source in sources)})
    return Trust(trust.packages, trust.targets | set(named_targets(composed)))


def command_line_overrides() -> list[str]:
    """Return the command line's overrides; ranks that a launcher started read them from ``sys.argv``."""
    if HydraConfig.initialized():
        return list(HydraConfig.get().overrides.task)
    return [argument for argument in sys.argv[1:] if "=" in argument and not argument.startswith(("-", "hydra."))]


def in_multirun() -> bool:
    """Return whether this run is a job of a Hydra sweep."""
    return HydraConfig.initialized() and HydraConfig.get().mode is RunMode.MULTIRUN


def logging_config() -> dict[str, Any]:
    """Return Hydra's logging configuration, for processes that it does not start."""
    return plain(HydraConfig.get().job_logging) if HydraConfig.initialized() else {}
