"""Hydra callback that gives each new run or sweep a folder of its own, before anything is written."""

from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, read_write

from gan.overrides import override
from gan.runs.folder import run_folder_of

__all__ = ["ClaimFolder", "claim"]


class ClaimFolder(Callback):
    """Create the folder of a new run or sweep, under a further name if another one started in the same second.

    A folder is new if the time is part of its name. One that is named otherwise is the user's choice, and held by a
    lock while a run uses it.
    """

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        ckpt = config.get("ckpt")
        resumes = isinstance(ckpt, str) and run_folder_of(Path(ckpt)) is not None
        if not resumes and _has_time(config.hydra.run):
            with suppress(OSError):  # Hydra, which cannot create it either, says why; it would warn of ours too
                folder = str(claim(_resolved_dir(config, "run")))
                with read_write(config.hydra):
                    config.hydra.run.dir = folder

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        if _has_time(config.hydra.sweep):
            with suppress(OSError):  # as above
                folder = str(claim(_resolved_dir(config, "sweep")))
                with read_write(config.hydra):
                    config.hydra.sweep.dir = folder
                    config.hydra.overrides.hydra.append(override("hydra.sweep.dir", folder))  # for its jobs


def claim(folder: Path) -> Path:
    """Create a folder that does not exist yet, with ``-2``, ``-3``, ... appended to its name if it does."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        new = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        try:
            new.mkdir()
        except FileExistsError:
            continue
        return new
    raise AssertionError


def _has_time(node: DictConfig) -> bool:
    return "${now:" in str(OmegaConf.to_container(node, resolve=False))


def _resolved_dir(config: DictConfig, mode: str) -> Path:
    """Resolve the folder of a run or sweep as Hydra will, whose own values are known only while it runs."""
    instance, before = HydraConfig.instance(), HydraConfig.instance().cfg
    instance.set_config(config)
    try:
        return Path(getattr(HydraConfig.get(), mode).dir)
    finally:
        instance.cfg = before
