"""Configurations that Hydra's compose API makes, and what a recipe sets of callbacks that are left out."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict

from gan.bare_config import with_run_folder
from gan.config import CONF, plain
from gan.resolve import resolve_config


def composed(*overrides: str, with_hydra: bool = False) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", list(overrides), return_hydra_config=with_hydra)


def test_a_bare_configuration_gets_a_name_and_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)  # which an earlier test of this process may have set
    configs = [with_run_folder(composed("experiment=grid25", "trainer=cpu")) for _ in range(2)]
    folders = {Path(config.run_dir) for config in configs}
    assert len(folders) == 2
    assert all(folder.is_dir() and folder.is_relative_to(tmp_path / "runs") for folder in folders)
    assert configs[0].name == "grid25-Objective"
    assert "${" not in str(plain(resolve_config(configs[0]), resolve=True))
    named = with_run_folder(composed("name=mine", "run_dir=here"))
    assert (named.name, named.run_dir) == ("mine", "here")
    assert not Path("here").exists()


def test_settings_of_a_callback_that_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = composed("experiment=grid25", "callbacks=none", "name=x", f"run_dir={tmp_path}", with_hydra=True)
    assert config.callbacks.samples.num == 2500, "the recipe sets it"
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)
    HydraConfig.instance().set_config(config)
    with open_dict(config):
        del config["hydra"]
    assert resolve_config(config).callbacks is None
