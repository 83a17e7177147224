"""``python -m gan.report``: statistics of handwritten run folders, and runs of train.py."""

import csv
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from pathlib import Path
from statistics import fmean, stdev
from typing import Any
from xml.etree import ElementTree

import pytest
from omegaconf import OmegaConf

from gan.report.__main__ import write
from gan.report.page import write_page
from gan.report.reportable import reportable
from gan.report.tables import tables
from gan.runs.record import find_runs, read_run
from tests.conftest import TINY, Run, run_here

PROTOCOL = {"real_images": 4000, "real_split": "train", "fake_images": 10000, "features": "classifier", "weights": "ab"}

OPTIONS = ["model=mlp_gan", "data=ring8", *TINY, "evaluate.every_n_steps=2", "trainer.log_every_n_steps=2"]


def write_run(
    folder: Path,
    scores: Mapping[int, Mapping[str, float]],
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    *,
    name: str = "dcgan-hinge",
    finished: bool = True,
    error: str | None = None,
    speed: float = 0.1,
    **results: Any,
) -> None:
    """Write a run's folder: ``speed`` is in seconds per update, ``results`` replaces values of results.json."""
    folder.mkdir(parents=True)
    config = {"name": name, "seed": seed, "run_dir": str(folder), "id": f"id{folder.name}", "ckpt": None}
    config |= {"data": {"_target_": "gan.data.mnist5k.MNIST5k", "seed": seed}, "model": {"seed": seed}}
    config |= {"metric": {"num_samples": 10000}, "callbacks": {"samples": {"folder": f"{folder}/samples"}}}
    config |= options or {}
    OmegaConf.save(OmegaConf.create(config), folder / "config.yaml")
    columns = ["step", *(f"val/{score}" for score in scores[min(scores)]), "val/training_seconds"]
    with (folder / "metrics.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([step, *values.values(), step * speed] for step, values in scores.items())
    if error is not None:
        (folder / "error.txt").write_text(error + "\n")
    elif finished:
        main = next(iter(scores[min(scores)]))
        values = {"config": config, "seed": seed, "global_step": max(scores), "score_name": main, "scores": scores}
        values |= {"higher_is_better": dict.fromkeys(scores[min(scores)], False)}
        values |= {"protocol": PROTOCOL, "wall_seconds": 90.0 + seed}
        values |= {"baselines": {"held_out": 1.8, "noise": 700.0}}
        (folder / "results.json").write_text(json.dumps(values | results))


def curve(*values: float, score: str = "fd_classifier") -> dict[int, dict[str, float]]:
    return {100 * step: {score: value} for step, value in enumerate(values, start=1)}


def report(folder: Path, *options: str) -> Run:
    return run_here("-m", "gan.report", str(folder / "runs"), "--out", str(folder / "out"), *options, folder=folder)


def rows(text: str, first: str = "run") -> list[dict[str, str]]:
    """Read the rows of all Markdown tables by the name of their first column."""
    found: list[dict[str, str]] = []
    for head, table in re.findall(rf"^\| ({first} \|.*) \|\n\| ---.*\n((?:\|.*\n?)+)", text, re.MULTILINE):
        cells = (line.removeprefix("| ").removesuffix(" |").split(" | ") for line in table.splitlines())
        found += [dict(zip(head.split(" | "), line, strict=True)) for line in cells]
    return found


def test_mean_and_deviation_over_seeds(tmp_path: Path) -> None:
    last, best = [12.5, 14.25, 11.0], [12.5, 13.0, 11.0]
    for seed, (end, low) in enumerate(zip(last, best, strict=True)):
        scores = {100: {"fd": 50.0, "kd": 5.0}, 200: {"fd": low, "kd": 3.0}, 300: {"fd": end, "kd": 0.5 + seed}}
        write_run(tmp_path / "runs" / "sweep" / str(seed), scores, seed)
    write_run(tmp_path / "runs" / "alone", {300: {"fd": 99.5, "kd": 1.0}}, name="mlp_gan-hinge")
    done = report(tmp_path)
    assert done.status == 0, done.err
    first, second = rows(done.out)
    assert first == {
        "run": "dcgan-hinge",
        "seeds": "3",
        "best fd": f"{fmean(best):.4g} ± {stdev(best):.2g}",
        "at step": "200–300",
        "last fd": f"{fmean(last):.4g} ± {stdev(last):.2g}",
        "last kd": "1.5 ± 1",
        "updates": "300",
        "time": "1 min 31 s",
        "without results": "none",
    }
    assert (second["run"], second["seeds"], second["last fd"]) == ("mlp_gan-hinge", "1", "99.5")
    assert "10,000 generated against 4,000 real images, split train, features classifier, weights ab" in done.out
    assert "Held-out real images score 1.8, noise 700." in done.out
    written = (tmp_path / "out" / "report.md").read_text()
    assert rows(written) == rows(done.out)
    for name, label in (("updates.svg", "generator updates"), ("time.svg", "training time, without evaluation (s)")):
        assert f"({name})" in written
        root = ElementTree.parse(tmp_path / "out" / name).getroot()
        assert int(root.get("height", 0)) >= 450
        assert int(root.get("width", 0)) >= 800
        words = [
            " ".join("".join(element.itertext()).split()) for element in root.iter() if element.tag.endswith("text")
        ]
        assert words[:2] == ["fd on MNIST5k", "lower is better, log scale"]
        assert {f"dcgan-hinge {fmean(last):.4g}", "mlp_gan-hinge 99.5", "held-out real images 1.8", label} <= {*words}
        assert sum(path.get("class", "").startswith("band") for path in root.iter()) == 1, "one group has several seeds"


@pytest.mark.parametrize(("higher", "order"), [(False, ["low", "high"]), (True, ["high", "low"])])
def test_groups_are_sorted_by_score(tmp_path: Path, higher: bool, order: list[str]) -> None:
    for name, score in (("high", 9.0), ("low", 2.0)):
        write_run(tmp_path / "runs" / name, curve(5.0, score), name=name, higher_is_better={"fd_classifier": higher})
    done = report(tmp_path)
    assert [row["run"] for row in rows(done.out)] == order
    assert rows(done.out)[0]["best fd_classifier"] == ("9" if higher else "2")


def test_sorting_by_another_score(tmp_path: Path) -> None:
    higher = {"fd_classifier": False, "recall_classifier": True}
    for name, fd, recall in (("a", 1.0, 0.2), ("b", 2.0, 0.7)):
        scores = {100: {"fd_classifier": fd, "recall_classifier": recall}}
        write_run(tmp_path / "runs" / name, scores, name=name, higher_is_better=higher)
    done = report(tmp_path, "--score", "recall_classifier")
    assert [row["run"] for row in rows(done.out)] == ["b", "a"]
    assert "## recall_classifier on MNIST5k (higher is better)" in done.out
    refused = report(tmp_path, "--score", "recal_classifier")
    assert refused.status == 2
    assert "did you mean 'recall_classifier'" in refused.err


def test_failures_are_listed_and_counted(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for seed in (0, 1):
        write_run(runs / f"{seed}", curve(30, 20), seed)
    write_run(runs / "2", curve(30), 2, error="train/d/adversarial became inf | nan by generator update 150")
    write_run(runs / "3", curve(30), 3)
    (runs / "3" / "results.json").write_text('{"config": {')
    write_run(runs / "4", curve(30, 25), 4, finished=False)
    write_run(runs / "5", curve(30), name="mlp_gan-hinge", error="KeyError: 'x'")
    write_run(runs / "6", curve(30, 20), 6)  # finished, and failed when it was resumed
    (runs / "6" / "error.txt").write_text("ValueError: later\n")
    write_run(runs / "7", curve(30))
    for name in ("config.yaml", "results.json"):
        (runs / "7" / name).write_text("{: no")
    inside = runs / "0" / "wandb" / "run" / "files"  # W&B also writes a config.yaml
    inside.mkdir(parents=True)
    (inside / "config.yaml").write_text("a: 1")
    done = report(tmp_path)
    assert done.status == 0, done.err
    counts = {row["run"]: row["without results"] for row in rows(done.out)}
    assert counts == {
        "dcgan-hinge": "3 of 6 failed, 1 of 6 unfinished",
        "mlp_gan-hinge": "1 of 1 failed",
        "7": "1 of 1 failed",
    }
    failed = {row["folder"].strip("`").rpartition("/")[2]: row for row in rows(done.out, "folder")}
    assert {name: (row["run"], row["seed"], row["last step"]) for name, row in failed.items()} == {
        "2": ("dcgan-hinge", "2", "100"),
        "3": ("dcgan-hinge", "3", "100"),
        "4": ("dcgan-hinge", "4", "200"),
        "5": ("mlp_gan-hinge", "0", "100"),
        "6": ("dcgan-hinge", "6", "200"),
        "7": ("7", "–", "100"),
    }
    assert failed["2"]["why"] == r"train/d/adversarial became inf \| nan by generator update 150"
    assert [failed[name]["why"].partition(":")[0] for name in "3457"] == [
        "results.json is damaged",
        "unfinished",
        "KeyError",
        "config.yaml is damaged",
    ]


def test_scores_measured_differently_are_in_separate_tables(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    grid = {"data": {"_target_": "gan.data.gaussians.Grid"}}
    write_run(runs / "a", curve(20))
    write_run(runs / "b", curve(15), protocol=PROTOCOL | {"fake_images": 500})
    write_run(runs / "c", curve(15), options=grid)
    write_run(runs / "d", curve(25, score="modes"), options=grid, higher_is_better={"modes": True})
    write_run(runs / "e", curve(1), score=None, best_step=None)
    path = runs / "e" / "results.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"scores": {}}))
    done = report(tmp_path)
    assert done.status == 0, done.err
    headings = re.findall("^## (.*)", done.out, re.MULTILINE)
    assert sorted(headings) == [
        "Without scores",
        "fd_classifier on Grid (lower is better)",
        "fd_classifier on MNIST5k (lower is better)",
        "fd_classifier on MNIST5k (lower is better)",
        "modes on Grid (higher is better)",
    ]
    assert "500 generated against 4,000 real images" in done.out
    assert (tmp_path / "out" / "time-4.svg").is_file()
    assert not (tmp_path / "out" / "time-5.svg").exists()


def test_groups_with_one_name_are_labelled_by_their_options(tmp_path: Path) -> None:
    for steps, adversarial in ((1, "Hinge"), (2, "Hinge"), (2, "Wasserstein")):
        loss: dict[str, Any] = {"critic_steps": steps, "adversarial": {"_target_": f"gan.losses.{adversarial}"}}
        loss["adversarial"] |= {"margin": 1.0} if adversarial == "Hinge" else {}
        options = {"loss": loss, "model": {"seed": 0, "objective": loss}, "optimizer": {"betas": [0, steps / 2]}}
        write_run(tmp_path / "runs" / f"{steps}{adversarial}", curve(10 * steps, 5), options=options)
    write_run(tmp_path / "runs" / "other", curve(100), name="other")
    assert sorted(row["run"] for row in rows(report(tmp_path).out)) == [
        "dcgan-hinge loss.critic_steps=1 loss.adversarial=Hinge optimizer.betas=[0,0.5]",
        "dcgan-hinge loss.critic_steps=2 loss.adversarial=Hinge optimizer.betas=[0,1.0]",
        "dcgan-hinge loss.critic_steps=2 loss.adversarial=Wasserstein optimizer.betas=[0,1.0]",
        "other",
    ]


def test_runs_of_one_seed_are_averaged(tmp_path: Path) -> None:
    for name, seed, score in (("a", 0, 10.0), ("b", 0, 10.0), ("c", 1, 13.0)):
        write_run(tmp_path / "runs" / name, curve(score), seed)
    (row,) = rows(report(tmp_path).out)
    assert (row["seeds"], row["last fd_classifier"]) == ("2", f"11.5 ± {stdev([10, 13]):.2g}")


def damaged_results(base: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield results in which one value, at any depth of two, is of another kind or out of its range."""
    values: list[Any] = [None, -1, math.inf, 10**400, "", "\x1b[2J", "y" * 40_000, "${", [], {}, {"": {"x": [{}]}}]
    for key, value in base.items():
        for wrong in values:
            yield base | {key: wrong}
            for inner in value if isinstance(value, dict) else ():
                yield base | {key: value | {inner: wrong}}


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
def test_any_damage_costs_one_run_its_place(tmp_path: Path, every: int) -> None:
    runs = tmp_path / "runs"
    write_run(runs / "good", curve(30, 20), name="good", game={"d/value": -1.3}, warnings=["w"])
    files = [(runs / "good" / name).read_text() for name in ("config.yaml", "metrics.csv", "results.json")]
    damaged = list(damaged_results(json.loads(files[2])))[::every]
    for number, results in enumerate(damaged):
        folder = runs / f"{number:03}"
        folder.mkdir()
        (folder / "config.yaml").write_text(files[0])
        (folder / "metrics.csv").write_text("step,val/fd_classifier\n1,1e999\n2,5e-324\n3,-1e308\n4,1e308\n")
        (folder / "results.json").write_text(json.dumps(results))
    found = [reportable(run) for run in find_runs([runs])]
    text = write(tables(found), tmp_path / "out")[0].read_text()
    assert re.search(r"^\| good .*\| 20 \|", text, re.MULTILINE)
    assert len(found) == len(damaged) + 1
    assert write_page(read_run(runs / "good")).read_text().count("<p>w</p>") == 1, "its warning"
    for run in found[::10]:
        page = write_page(run).read_text()
        assert "\x1b" not in page
        assert run.failure is None or escape(run.failure) in page
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 3000
    assert sum(run.failure is not None for run in found) > len(damaged) / 3


@pytest.mark.parametrize("broken", ["config.yaml", "results.json", "samples/000200.png", "metrics.csv"])
def test_pipes_and_folders_without_permission(tmp_path: Path, broken: str) -> None:
    runs = tmp_path / "runs"
    for name in ("a", "b"):
        write_run(runs / name, curve(30, 20), name=name)
        (runs / name / "samples").mkdir()
    (runs / "b" / broken).unlink(missing_ok=True)
    os.mkfifo(runs / "b" / broken)
    done = report(tmp_path)
    assert done.status == 0, done.err
    assert {"a"} <= {row["run"] for row in rows(done.out)}
    pages = (runs / "b" / "report.html").read_text() + (tmp_path / "out" / "report.html").read_text()
    assert broken == "config.yaml" or f"{broken} cannot be" in pages  # results.json has the configuration too


def test_bad_input(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "file").write_text("")
    for done, message in (
        (run_here("-m", "gan.report"), "name a folder with runs"),
        (run_here("-m", "gan.report", str(tmp_path / "missing")), "missing is not a folder"),
        (report(tmp_path), "runs contains no run"),
    ):
        assert (done.status, done.err.count("\n")) == (2, 1)
        assert done.err.startswith("error: ")
        assert message in done.err
    write_run(tmp_path / "runs" / "a", curve(1))
    refused = report(tmp_path, "--out", str(tmp_path / "file"))
    assert (refused.status, refused.err.count("\n")) == (2, 1)


def test_runs_of_train(train: Callable[..., Run], tmp_path: Path) -> None:
    options = [*OPTIONS, "trainer.max_steps=4"]
    for seed in (0, 1):
        assert train(*options, f"seed={seed}", name=f"runs/{seed}").status == 0
        assert not (tmp_path / "runs" / str(seed) / "error.txt").exists()
    diverging = ["loss=wgan", "loss.constraint=null", "optimizer=sgd", "optimizer.discriminator.lr=1e3"]
    failed = train(*options, *diverging, name="runs/2")
    assert failed.status == 2
    reason = (tmp_path / "runs" / "2" / "error.txt").read_text().strip()
    assert failed.err.splitlines()[-1] == f"error: {reason}"

    done = report(tmp_path)
    assert done.status == 0, done.err
    finished, lost = rows(done.out)
    scores = [Run(0, "", "", tmp_path / "runs" / str(s)).results["scores"]["4"]["reverse_kl"] for s in (0, 1)]
    assert finished["run"] == "mlp_gan-non_saturating"
    assert finished["seeds"] == "2"
    assert finished["last reverse_kl"] == f"{fmean(scores):.4g} ± {stdev(scores):.2g}"
    assert "## modes on Ring (higher is better)" in done.out
    assert (lost["run"], lost["without results"]) == ("mlp_gan-wgan", "1 of 1 failed")
    (row,) = rows(done.out, "folder")
    assert row["why"] == reason
    assert (tmp_path / "out" / "updates.svg").is_file()
    assert (tmp_path / "out" / "time.svg").is_file()


def test_resuming_removes_the_error(train: Callable[..., Run]) -> None:
    folder = train(*OPTIONS, "trainer.max_steps=2").folder
    (folder / "error.txt").write_text("an old error\n")
    assert train(f"ckpt={folder}", "trainer.max_steps=4").status == 0
    assert not (folder / "error.txt").exists()
