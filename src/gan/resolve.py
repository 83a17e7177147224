"""Resolving a run's configuration: the checkpoint to resume from, its options, and the run's identity."""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from gan.checkpoint.reading import read
from gan.config import plain, resumed
from gan.errors import UserError
from gan.runs.folder import RunFolder, find_export

__all__ = ["command_line_overrides", "in_multirun", "logging_config", "resolve_config"]


def resolve_config(config: DictConfig) -> DictConfig:
    """Return the configuration that a run uses, with everything resolved that the command line left open.

    A resumed run takes its options from the checkpoint and only single values from the command line. A job that Slurm
    has requeued resumes from its last checkpoint, if it wrote one.

    Raises:
        UserError: If the checkpoint cannot be read, has reached ``trainer.max_steps``, or the seed is out of range.
    """
    folder = RunFolder(Path(config.run_dir))
    requeued = int(os.environ.get("SLURM_RESTART_COUNT", "0")) > 0
    if requeued and folder.last.is_file():
        config, _ = _resume(config, folder.last)
    elif config.ckpt is not None:
        config, step = _resume(config, _checkpoint_path(Path(config.ckpt)))
        if 0 <= config.trainer.max_steps <= step:
            raise UserError(f"{config.ckpt} has {step} generator updates: set trainer.max_steps above that to continue")
    with open_dict(config):
        config.run_dir, config.name = str(folder.path), str(config.name)  # Hydra's resolvers end with this process
        if requeued and folder.config.is_file():  # the job may have ended before its first checkpoint
            config.id = OmegaConf.load(folder.config).id
        config.id = config.id or secrets.token_hex(4)
    if not (isinstance(config.seed, int) and 0 <= config.seed < 2**32):
        raise UserError(f"seed={config.seed} should be a whole number from 0 to 4294967295")
    return config


def _checkpoint_path(path: Path) -> Path:
    """Return the checkpoint that ``ckpt=`` names: a file, or the last one of a run's folder."""
    if find_export(path) is not None:
        raise UserError(f"ckpt={path} is an exported generator, which cannot resume training: name a run")
    return RunFolder(path).last if path.is_dir() else path


def _resume(config: DictConfig, path: Path) -> tuple[DictConfig, int]:
    """Take the options from a checkpoint, and single ones from the command line; return the checkpoint's step too."""
    checkpoint = read(path)
    if HydraConfig.initialized():
        overrides = [] if config.ckpt is None else command_line_overrides()
        config = resumed(checkpoint["config"], config, overrides)
    with open_dict(config):
        config.ckpt = str(path)
    return config, checkpoint["global_step"]


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
