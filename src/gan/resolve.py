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

from gan.checkpoint.accept import Kinds, accept, packages_to_trust
from gan.checkpoint.reading import SAMPLED, read
from gan.checkpoint.trust import Trust, local_trust, named_targets
from gan.config import CONF, plain
from gan.errors import UserError
from gan.instantiate import build, signature
from gan.resume_options import changes, resumed
from gan.runs.commands import LaterTrust, trust_options, trust_override
from gan.runs.folder import OutputPath, RunFolder, find_export, from_start
from gan.runs.record import read_run
from gan.substitution import get_value, keep_references, set_value, substitute

__all__ = [
    "command_line_overrides",
    "in_multirun",
    "later_trust",
    "logging_config",
    "resolve_config",
]

log = logging.getLogger(__name__)

RESUMED: Kinds = {
    **SAMPLED,
    "callbacks": Mapping[str, Callback | None],
    "logger": Mapping[str, Logger | None],
    "trainer": signature(Trainer) | {"default_root_dir": OutputPath},
}
"""Parts that resuming builds."""


def resolve_config(config: DictConfig) -> DictConfig:
    """Return the configuration that a run uses and saves, in which only references to keys are left to substitute.

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
        config, step = _resume(config, _checkpoint_path(from_start(Path(config.ckpt))))
        if 0 <= config.trainer.max_steps <= step:
            raise UserError(f"{config.ckpt} has {step} generator updates: set trainer.max_steps above that to continue")
    with open_dict(config):
        config.run_dir, config.name = str(folder.path), str(config.name)
    config = OmegaConf.create(_with_found_classes(keep_references(config)))
    with open_dict(config):
        if requeued and folder.config.is_file():  # the job may have ended before its first checkpoint
            config.id = read_run(folder.path).config.get("id")
        config.id = config.id or secrets.token_hex(4)
    if not (isinstance(config.seed, int) and 0 <= config.seed < 2**32):
        raise UserError(f"seed={config.seed} should be a whole number from 0 to 4294967295")
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


def _with_found_classes(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration in which ``data.num_classes`` is a number; the data module finds it where it is null."""
    if get_value(config, "data.num_classes", default=1) is None:
        data = build(OmegaConf.create(substitute(config)).data)
        set_value(config, "data.num_classes", data.num_classes)
    return config


def _checkpoint_path(path: Path) -> Path:
    """Return the checkpoint that ``ckpt=`` names: a file, or the last one of a run's folder."""
    if find_export(path) is not None:
        raise UserError(f"ckpt={path} is an exported generator, which cannot resume training: name a run")
    return RunFolder(path).last if path.is_dir() else path


def _resume(config: DictConfig, path: Path) -> tuple[DictConfig, int]:
    """Take the options from a checkpoint, and single ones from the command line; return the checkpoint's step too."""
    checkpoint = read(path, kinds={})
    if HydraConfig.initialized():
        composed = keep_references(config)
        overrides = [] if config.ckpt is None else command_line_overrides()
        saved = resumed(checkpoint.saved, composed, overrides)
        trust = _trust_of_this_call(composed)
        adopted = accept(saved, RESUMED, trust, composed, Path(config.run_dir))
        for change in changes(checkpoint.saved, adopted):
            log.info("%s", change)
        config = OmegaConf.create(adopted)
    with open_dict(config):
        config.ckpt = str(path)
    return config, checkpoint.global_step


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
