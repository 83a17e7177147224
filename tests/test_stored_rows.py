"""Runs on captions and pairs of tar files and of tables, and what a checkpoint needs of them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import gan
from gan.features import captions as features
from tests.conftest import Run
from tests.data.stored_rows import write_rows
from tests.data.test_captioned_rows import birds
from tests.data.test_paired_rows import pairs

OPTIONS = ["logger=none", "trainer=cpu", "trainer.max_steps=2", "data.batch_size=4", "data.image_size=16"]
OPTIONS += ["callbacks.neighbors=null", "model.generator.width=4"]


@pytest.mark.long
def test_sentences_of_shards_are_recorded(
    train: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "STEPS", 2)
    path = write_rows(tmp_path, birds(), "shards")
    options = ["data=webdataset_captions", f"data.path={path}", "data.caption=json.caption"]
    options += ["evaluate.every_n_steps=2", "metric.num_samples=8", f"metric.cache={tmp_path / 'cache'}"]
    run = train(*OPTIONS, "model=dfgan", *options, f"data.cache={tmp_path / 'cache'}")
    assert run.status == 0, run.err
    assert "Found 20 images in 4 shards" in run.out + run.err
    assert {"r_precision", "fd_captions"} <= set(run.results["scores"]["2"])
    shutil.rmtree(path)
    generator = gan.load(run.folder, device="cpu")
    assert "bird" in generator.config["data"]["vocabulary"].split()
    assert generator.sample(2, text="the red bird").shape == (2, 3, 16, 16)


@pytest.mark.long
def test_pairs_of_a_table(train: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    path = write_rows(tmp_path, pairs(), "table")
    options = ["data=huggingface_pairs", f"data.path={path}", "data.source=sketch", "data.target=photo"]
    run = train(*OPTIONS, "model=pix2pix", *options, "data.source_channels=1", "callbacks.evaluation=null")
    assert run.status == 0, run.err
    assert run.checkpoint()["config"]["data"]["source"] == "sketch"
