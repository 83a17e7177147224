"""Folders of new runs and sweeps: claimed under names of their own, unless the user named them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from omegaconf import DictConfig

from gan.config import compose_config
from gan.resolvers import register_resolvers
from gan.runs.claim import ClaimFolder, claim


def composed(*overrides: str) -> DictConfig:
    register_resolvers()
    return compose_config("train", list(overrides), with_hydra=True)


def test_a_folder_is_claimed_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        claimed = list(threads.map(lambda _: claim(tmp_path / "runs" / "a"), range(24)))
    assert len(set(claimed)) == 24
    assert {path.name for path in claimed} == {"a", *(f"a-{number}" for number in range(2, 25))}
    assert all(path.is_dir() for path in claimed)


def test_runs_of_one_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = (composed("hydra.run.dir=x/${now:%Y}-${name}") for _ in range(2))
    for config in (first, second):
        ClaimFolder().on_run_start(config)
    assert second.hydra.run.dir == f"{first.hydra.run.dir}-2"
    assert {str(path) for path in Path("x").iterdir()} == {first.hydra.run.dir, second.hydra.run.dir}


@pytest.mark.parametrize("overrides", [["hydra.run.dir=mine"], ["ckpt=old/checkpoints/last.ckpt"], ["ckpt=old"]])
def test_named_folders_and_those_of_resumed_runs_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old").mkdir()
    config = composed(*overrides)
    ClaimFolder().on_run_start(config)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_jobs_of_a_sweep_follow_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = (composed("hydra.sweep.dir=a b/${now:%Y}") for _ in range(2))
    for config in (first, second):
        ClaimFolder().on_multirun_start(config)
    assert second.hydra.sweep.dir == f"{first.hydra.sweep.dir}-2"
    of_jobs = list(second.hydra.overrides.hydra)
    assert composed(*of_jobs).hydra.sweep.dir == second.hydra.sweep.dir
