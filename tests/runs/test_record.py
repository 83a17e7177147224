"""Records of runs, read from handwritten folders."""

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from gan.errors import UserError
from gan.runs.metrics_file import read_metrics
from gan.runs.record import find_runs, read_run
from gan.runs.results_file import NeighborDistances, best_score, read_results

CONFIG = """\
# python train.py loss=hinge 'name=a b'
# python train.py ckpt=x trainer.max_steps=4
name: a b
seed: 3
"""
RESULTS: dict[str, Any] = {
    "command": "python train.py",
    "config": {"name": "a b", "seed": 3, "extra": 1},
    "versions": {"python": "3.13", "torch": "2.9"},
    "device": "cpu",
    "ranks": 2,
    "seed": 3,
    "global_step": 200,
    "stopped": None,
    "score_name": "fd",
    "score": 1.5,
    "higher_is_better": {"fd": False, "recall": True},
    "best_step": 100,
    "scores": {"200": {"fd": 2, "recall": 0.5}, "100": {"fd": 1.5, "recall": 0.4}},
    "baselines": {"held_out": 1.0, "noise": 300.0},
    "protocol": {"fake_images": 64},
    "game": {"d/value": -1.3},
    "neighbors": {"searched": 4, "training_images": 9, "distance": 0.5, "held_out_distance": 0.25},
    "wall_seconds": 12,
    "images_per_second": 100.0,
    "peak_memory_mb": 500.0,
}


def write(folder: Path, results: Any = None, metrics: str | None = None, config: str = CONFIG) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(config)
    if results is not None:
        (folder / "results.json").write_text(results if isinstance(results, str) else json.dumps(results))
    if metrics is not None:
        (folder / "metrics.csv").write_text(metrics)
    return folder


def test_finished_run(tmp_path: Path) -> None:
    run = read_run(write(tmp_path, RESULTS, "step,val/fd\n100,1.5\n200,2\n"))
    assert (run.state, run.failure, run.name) == ("finished", None, "a b")
    assert run.commands == ["# python train.py loss=hinge 'name=a b'", "# python train.py ckpt=x trainer.max_steps=4"]
    assert run.results is not None
    assert run.config == run.results.config == RESULTS["config"]
    assert list(run.scores.items()) == [(100, {"fd": 1.5, "recall": 0.4}), (200, {"fd": 2.0, "recall": 0.5})]
    assert run.results.neighbors == NeighborDistances(4, 9, 0.5, 0.25)
    others = [key for key in RESULTS if key not in ("config", "scores", "neighbors")]
    assert {key: getattr(run.results, key) for key in others} == {key: RESULTS[key] for key in others}
    assert run.metrics.last_step == 200


def test_stopped_run(tmp_path: Path) -> None:
    assert read_run(write(tmp_path, RESULTS | {"stopped": "no better score"})).state == "stopped"


def test_run_without_evaluation(tmp_path: Path) -> None:
    names = ("score_name", "higher_is_better", "best_step", "scores", "baselines", "protocol")
    results = {key: value for key, value in RESULTS.items() if key not in names} | {"score": None}
    run = read_run(write(tmp_path, results))
    assert run.results is not None
    assert (run.state, run.results.score_name, run.scores) == ("finished", None, {})


def test_results_without_scores_have_no_score_name(tmp_path: Path) -> None:
    results = read_results(write(tmp_path, RESULTS | {"scores": {}, "score": None}) / "results.json")
    assert (results.score_name, results.higher_is_better, results.protocol) == (None, {}, {})


@pytest.mark.parametrize(
    ("results", "cause"),
    [
        ("", "Expecting value"),
        ("[]", "Input should be a dictionary"),
        ('{"config": {', "Expecting property name"),
        ("[" * 100_000, "nested too deeply"),
        (RESULTS | {"scores": {"100": {"recall": 0.4}}}, "the last step lacks fd"),
        (RESULTS | {"higher_is_better": {"fd": False}}, "a score has no direction"),
        (RESULTS | {"scores": {"late": {"fd": 1.0, "recall": 0.4}}}, "scores.late"),
        (RESULTS | {"wall_seconds": "long"}, "wall_seconds: Input should be a valid number"),
        (RESULTS | {"wall_seconds": math.inf}, "wall_seconds: Input should be a finite number"),
        (RESULTS | {"config": {"name": "${"}}, "config: "),
        (RESULTS | {"global_step": 10**300}, "global_step: "),
        ({key: value for key, value in RESULTS.items() if key != "global_step"}, "global_step: Field required"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 50 else "",
)
def test_damaged_results(tmp_path: Path, results: Any, cause: str) -> None:
    run = read_run(write(tmp_path, results, "step,val/fd\n100,1.5\n"))
    assert (run.state, run.results) == ("failed", None)
    assert run.failure is not None
    assert run.failure.startswith("results.json is damaged: ")
    assert cause in run.failure
    assert run.config == {"name": "a b", "seed": 3}
    assert run.scores == {100: {"fd": 1.5}}


def test_nan_scores_are_read(tmp_path: Path) -> None:
    results = RESULTS | {"score": math.nan, "scores": {"100": {"fd": math.nan, "recall": 0.4}}}
    run = read_run(write(tmp_path, results))
    assert run.state == "finished"
    assert math.isnan(run.scores[100]["fd"])


def test_unfinished_and_failed_runs(tmp_path: Path) -> None:
    write(tmp_path)
    assert (read_run(tmp_path).state, read_run(tmp_path).failure) == (
        "unfinished",
        "unfinished: still running, or killed",
    )
    write(tmp_path, RESULTS)
    (tmp_path / "error.txt").write_text("OSError: disk full\nmore\n")
    run = read_run(tmp_path)
    assert (run.state, run.failure, run.results) == ("failed", "OSError: disk full", None), "it failed when resumed"
    (tmp_path / "error.txt").write_text("\n")
    assert read_run(tmp_path).failure == "error.txt is empty"


def bomb(levels: int) -> str:
    """Return YAML of a few hundred bytes whose aliases multiply tenfold per level."""
    lists = (f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]" for level in range(1, levels))
    return "\n".join(["l0: &l0 [0]", *lists])


@pytest.mark.parametrize("config", ["{: no", "- a\n- b\n", "a: ${\n", bomb(12)])
def test_damaged_config(tmp_path: Path, config: str) -> None:
    run = read_run(write(tmp_path / "run", config=config))
    assert run.state == "failed"
    assert run.failure is not None
    assert run.failure.startswith("config.yaml is damaged: ")
    assert (run.config, run.name) == ({"name": "run"}, "run")
    finished = read_run(write(tmp_path / "run", RESULTS, config=config))
    assert (finished.state, finished.name) == ("finished", "a b"), "results.json has the configuration too"


def test_metrics(tmp_path: Path) -> None:
    text = """\
step,train/d/value,val/fd,val/training_seconds
2,-1.5,,
4,-1.25,30,10
6,,20,16
8,-1,10,3
"""
    metrics = read_metrics(write(tmp_path, metrics=text) / "metrics.csv")
    assert metrics.series["train/d/value"] == ([2, 4, 8], [-1.5, -1.25, -1.0])
    assert metrics.series["val/training_seconds"] == ([4, 6, 8], [10.0, 16.0, 3.0])
    assert metrics.scores == {4: {"fd": 30.0}, 6: {"fd": 20.0}, 8: {"fd": 10.0}}
    assert metrics.seconds == {4: 10.0, 6: 16.0, 8: 19.0}, "a resumed run counted from zero again"
    assert metrics.last_step == 8


@pytest.mark.parametrize("rest", ["6,1e", "x,1,2", "6,1,2,3", "9" * 400, "\0"])
def test_damaged_metrics_are_read_up_to_the_damage(tmp_path: Path, rest: str) -> None:
    metrics = read_metrics(write(tmp_path, metrics=f"step,val/fd,train/x\n2,1,\n4,2,3\n{rest}") / "metrics.csv")
    assert metrics.scores == {2: {"fd": 1.0}, 4: {"fd": 2.0}}
    assert metrics.series["train/x"] == ([4], [3.0])
    assert metrics.damage is not None
    assert metrics.damage == "metrics.csv is damaged: 1 of its rows are not shown"


@pytest.mark.parametrize("name", ["config.yaml", "results.json", "metrics.csv", "error.txt"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    write(tmp_path, RESULTS, "step,val/fd\n100,1.5\n")
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    run = read_run(tmp_path)
    assert f"{name} cannot be read" in f"{run.failure} {run.metrics.damage}" or name == "config.yaml"
    assert run.results is None or name in ("config.yaml", "metrics.csv")


def test_missing_metrics(tmp_path: Path) -> None:
    metrics = read_metrics(tmp_path / "metrics.csv")
    assert (metrics.series, metrics.scores, metrics.last_step) == ({}, {}, None)


def test_best_score() -> None:
    scores = {1: {"fd": 3.0}, 2: {"fd": 1.0}, 3: {"fd": math.nan}, 4: {"fd": 1.0}, 5: {"other": 0.0}, 6: {"fd": 2.0}}
    assert best_score(scores, "fd", higher_is_better=False) == (4, 1.0), "the last of several"
    assert best_score(scores, "fd", higher_is_better=True) == (1, 3.0)
    step, score = best_score({1: {"fd": math.nan}}, "fd", higher_is_better=True)
    assert step == 1
    assert math.isnan(score)


def test_find_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("runs/b/1", "runs/a", "runs/a/wandb/files"):
        write(tmp_path / name)
    runs = find_runs([Path("runs"), tmp_path / "runs" / "b"])
    assert [run.folder.path for run in runs] == [Path("runs/a"), Path("runs/b/1")], "each once, none inside another"
    with pytest.raises(UserError, match="missing is not a folder"):
        find_runs([Path("missing")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"empty contains no run: no config\.yaml in it or below"):
        find_runs([Path("runs"), Path("empty")])
