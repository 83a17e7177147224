"""Configurations that Hydra's compose API makes, as in a notebook, where Hydra runs nothing and names no folder."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from gan.runs.claim import claim
from gan.substitution import get_value

__all__ = ["with_run_folder"]

CHOICE = re.compile(r"\$\{hydra:runtime\.choices\.(\w+)\}")


def with_run_folder(config: DictConfig) -> DictConfig:
    """Return a configuration in which the name and the folder of the run are known, the folder new if Hydra's is meant.

    While Hydra runs, or if neither is Hydra's, this is the configuration itself.
    """
    raw: Any = OmegaConf.to_container(config, resolve=False)
    name, folder = str(raw.get("name")), str(raw.get("run_dir"))
    if HydraConfig.initialized() or "${hydra:" not in name + folder:
        return config
    name = CHOICE.sub(lambda match: _class_name(raw, match[1]), name)
    if "${hydra:" in folder:
        now = datetime.now()
        folder = str(claim(Path("runs", f"{now:%Y-%m-%d}", f"{now:%H-%M-%S}-{name}")).absolute())
    config = config.copy()
    with open_dict(config):
        config.name, config.run_dir = name, folder
    return config


def _class_name(config: dict[str, Any], group: str) -> str:
    """Return the name of a group's class, for the choice that made it, which only Hydra knows."""
    return str(get_value(config, f"{group}._target_", default=group)).rpartition(".")[2]
