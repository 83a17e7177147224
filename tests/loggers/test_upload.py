"""Uploads to W&B, read from the files of an offline run."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from wandb.proto.wandb_internal_pb2 import Record
from wandb.sdk.artifacts._validators import validate_aliases

from gan.loggers.upload import _score_aliases
from tests.conftest import TINY, Run, run_python

HEADER, BLOCK = 7, 32768  # bytes: header of the file and of each part of a record, and block of parts


def records(path: Path) -> Iterator[Record]:
    """Read a .wandb file: protocol buffers in LevelDB's log format."""
    data, offset, parts = path.read_bytes(), HEADER, b""
    while offset + HEADER <= len(data):
        if BLOCK - offset % BLOCK < HEADER:  # padding at the end of a block
            offset += BLOCK - offset % BLOCK
            continue
        size, kind = int.from_bytes(data[offset + 4 : offset + 6], "little"), data[offset + 6]
        parts += data[offset + HEADER : offset + HEADER + size]
        offset += HEADER + size
        if kind in (1, 4):  # complete, or the last part
            record = Record()
            record.ParseFromString(parts)
            yield record
            parts = b""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("tracked") / "run"
    steps = ["trainer.max_steps=4", "trainer.log_every_n_steps=2", "evaluate.every_n_steps=1", "metric=[frechet,prdc]"]
    options = [*TINY, *steps, "logger=wandb", f"hydra.run.dir={folder}"]
    done = run_python("train.py", *options, folder=folder, fresh=True, TMPDIR=str(tmp_path_factory.mktemp("tmp")))
    assert done.status == 0, done.err
    return done


@pytest.fixture(scope="module")
def tracked(run: Run) -> list[Record]:
    (path,) = (run.folder / "wandb").glob("offline-run-*/run-*.wandb")
    found = list(records(path))
    assert found[-1].HasField("exit"), "the file was read completely"
    return found


def media(run: Run, pattern: str) -> Path:
    (path,) = (run.folder / "wandb").glob(f"offline-run-*/files/media/{pattern}")
    return path


def logged(tracked: list[Record]) -> dict[str, Any]:
    """Return the last value of each logged key."""
    found: dict[str, Any] = {}
    for record in tracked:
        for item in record.history.item:
            found[item.key or ".".join(item.nested_key)] = json.loads(item.value_json)
    return found


def test_animation_has_every_frame(run: Run, tracked: list[Record]) -> None:
    path = media(run, "videos/film_*.gif")
    with Image.open(path) as film, Image.open(run.folder / "samples" / "000004.png") as last:
        assert (film.n_frames, film.size) == (4, last.size)
    assert logged(tracked)["film.path"] == f"media/videos/{path.name}"
    assert (run.folder / "film.gif").read_bytes() == path.read_bytes()


def test_tables(run: Run, tracked: list[Record]) -> None:
    scores = json.loads(media(run, "table/scores_*.table.json").read_text())
    names = list(run.results["scores"]["1"])
    assert scores["columns"] == ["step", *names]
    expected = [[int(step), *values.values()] for step, values in run.results["scores"].items()]
    assert scores["data"] == [pytest.approx(row) for row in expected]
    found = dict(json.loads(media(run, "table/results_*.table.json").read_text())["data"])
    assert float(found["score"]) == pytest.approx(run.results["score"], rel=1e-3)
    assert {"held_out", "noise", "images_per_second", "best_step"} <= found.keys()
    assert {"scores.path", "results.path"} <= logged(tracked).keys()


def test_summary_for_sweeps(run: Run, tracked: list[Record]) -> None:
    summary: dict[str, Any] = {}
    for record in tracked:
        for item in record.summary.update:
            summary[item.key or ".".join(item.nested_key)] = json.loads(item.value_json)
    results = run.results
    assert summary["score"] == results["score"]
    assert summary["score_name"] == "fd_classifier"
    assert (summary["held_out"], summary["noise"]) == tuple(results["baselines"][key] for key in ("held_out", "noise"))
    for key in ("images_per_second", "wall_seconds", "best_step", "peak_memory_mb"):
        assert summary[key] == results[key]
    history = logged(tracked)
    assert history["val/fd_classifier"] == pytest.approx(results["scores"]["4"]["fd_classifier"])


def test_best_checkpoint_has_an_alias_with_its_score(run: Run, tracked: list[Record]) -> None:
    (artifact,) = [record.artifact for record in tracked if record.artifact.type == "model"]
    assert set(artifact.aliases) == {"best", "latest", f"fd_classifier-{run.results['score']:.4g}"}
    assert not re.search("[/:]", "".join(artifact.aliases))
    assert [entry.path for entry in artifact.manifest.contents] == ["best.ckpt"]


@pytest.mark.parametrize("score", [11.52, 1e-9, float("nan"), -3])
@pytest.mark.parametrize("name", ["fd_classifier", "a/b:c d"])
def test_aliases_are_legal(name: str, score: float) -> None:
    (alias,) = _score_aliases(name, score)
    assert validate_aliases([alias]) == [alias]
    assert alias.endswith(f"-{score:.4g}")


def test_no_alias_without_a_score() -> None:
    assert _score_aliases(None, None) == []


def test_page_and_neighbors(run: Run, tracked: list[Record]) -> None:
    page = media(run, "html/report_*.html")
    assert page.read_text() == (run.folder / "report.html").read_text(), "unchanged"
    with Image.open(media(run, "images/neighbors_*.png")) as image, Image.open(run.folder / "neighbors.png") as own:
        assert image.size == own.size
    history = logged(tracked)
    assert history["report.path"] == f"media/html/{page.name}"
    assert history["neighbors._type"] == history["samples._type"] == "images/separated"
