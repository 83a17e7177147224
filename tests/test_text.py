"""A run of text: from lines in a folder to samples, scores and pages, by the commands and in Python."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gan
from gan.api import RunResults
from gan.errors import UserError
from tests.conftest import Run, run_here

QUICK = ["logger=none", "trainer=cpu", "trainer.max_steps=4", "evaluate.every_n_steps=2", "metric.num_samples=40"]
QUICK += ["data.batch_size=8", "model.generator.width=16"]
Train = Callable[..., Run]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A tiny run on files that no longer exist."""
    folder = tmp_path_factory.mktemp("text")
    root = folder / "lines"
    root.mkdir()
    (root / "train.txt").write_text("".join(f"<b>{a} & {b}</b>\n" for a in "abcd" for b in "efgh"))
    (root / "test.txt").write_text("<b>a & e</b>\n<b>b & e</b>\n")
    options = ["model=language_model", f"data.root={root}", *QUICK, f"hydra.run.dir={folder / 'run'}"]
    done = run_here("train.py", *options, folder=folder / "run")
    assert done.status == 0, done.err
    shutil.rmtree(root)
    return done


def test_files_of_a_run(run: Run) -> None:
    texts = sorted(path.name for path in (run.folder / "samples").iterdir())
    assert texts == ["000002.txt", "000004.txt"]
    lines = (run.folder / "samples" / texts[-1]).read_text().split("\n")
    assert len(lines) == 65
    assert run.results["score_name"] == "bleu4"
    scores = run.results["scores"]["4"]
    assert set(scores) == {f"{kind}bleu{n}" for kind in ("", "self_") for n in (2, 3, 4, 5)} | {
        "distinct",
        "copied",
        "heldout_nll",
    }
    assert "--num 64 --out samples.txt" in run.out
    config = gan.load(run.folder, device="cpu").config
    assert (config["data"]["vocabulary_size"], config["data"]["length"]) == (13, 10)


def test_page_shows_lines_as_text(run: Run) -> None:
    page = (run.folder / "report.html").read_text()
    first = (run.folder / "samples" / "000004.txt").read_text().split("\n")[0]
    shown = first.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f'<pre class="lines">{shown}\n' in page
    assert page.count("not selected by hand, at step 4") == 1
    assert "training sentences" in page
    assert "sentences/s" in page
    assert "images/s" not in page


def test_comparison_shows_lines(run: Run, tmp_path: Path) -> None:
    done = run_here("-m", "gan.report", str(run.folder), "--out", str(tmp_path / "report"))
    assert done.status == 0, done.err
    assert '<pre class="lines">' in next((tmp_path / "report").glob("*.html")).read_text()


def test_checkpoint_alone_samples_and_is_scored_only_with_its_data(run: Run, tmp_path: Path) -> None:
    alone = tmp_path / "alone.ckpt"
    shutil.copy(run.folder / "checkpoints" / "last.ckpt", alone)
    generator = gan.load(alone, device="cpu")
    lines = generator.texts(4, seed=3, prefix="<b>a")
    assert all(line.startswith("< b > a") for line in lines)
    assert generator.texts(2, seed=3) == generator.texts(4, seed=3, batch_size=1)[:2]
    assert "<pre>" in generator._repr_html_()
    assert RunResults(run.results)._repr_html_().count("<pre>") == 1
    out = tmp_path / "tokens.npz"
    assert run_here("-m", "gan.sample", str(alone), "--num", "3", "--out", str(out)).status == 0
    assert np.load(out)["tokens"].shape == (3, generator.data.output_shape[0])
    failed = run_here("-m", "gan.evaluate", str(alone), "num_samples=20")
    assert (failed.status, failed.err.count("\n")) == (2, 1)
    assert "train.txt" in failed.err


def test_prefixes_that_do_not_fit_are_refused(run: Run) -> None:
    generator = gan.load(run.folder, device="cpu")
    with pytest.raises(UserError, match="the prefix has 16 tokens, more than the 10 of a whole sequence"):
        generator.texts(1, prefix="a " * 16)
    with pytest.raises(UserError, match="a seed must be at least 0"):
        generator.texts(1, seed=-1)


def test_options_of_images_are_refused(train: Train) -> None:
    for option, message in (
        ("metric=frechet", "has no features, which the metric needs"),
        ("metric/features=inception", "needs images, and Text has sentences"),
        ("metric=oracle_nll", "needs metric/features=oracle"),
        ("augment=diffaug", "image_size"),
    ):
        model = "seqgan" if option.startswith("augment") else "language_model"
        frechet = ["metric=frechet"] if option.startswith("metric/") else []
        done = train(f"model={model}", *QUICK, *frechet, option)
        assert done.status == 2, option
        assert done.err.count("\n") == 1, done.err
        assert message in done.err


def test_curve_over_temperature(train: Train, tmp_path: Path) -> None:
    game = train("model=seqgan", "data=oracle", "data.rows=40", "model.phases=[]", "model.rollouts=1", *QUICK)
    assert game.status == 0, game.err
    assert game.results["score_name"] == "oracle_nll"
    baselines = game.results["baselines"]
    assert baselines["held_out"] < baselines["noise"]
    out = tmp_path / "curve.png"
    options = ["--temperatures", "0.5", "1", "--num", "30", "--others", str(game.folder), "--out", str(out)]
    done = run_here("-m", "gan.explore", "temperature", str(game.folder), *options)
    assert done.status == 0, done.err
    assert out.is_file()
    rows = [line for line in done.out.splitlines() if "oracle_nll" in line]
    assert len(rows) == 4
    assert rows[:2] == rows[2:]
    cold, warm = (float(row.split("oracle_nll ")[1].split()[0]) for row in rows[:2])
    assert cold != warm
    evaluated = run_here("-m", "gan.evaluate", str(game.folder), "num_samples=30", f"out={tmp_path / 'scores.json'}")
    assert evaluated.status == 0, evaluated.err
    results = json.loads((tmp_path / "scores.json").read_text())
    assert set(results["scores"]) == {"oracle_nll", "heldout_nll", "distinct"}
    assert set(results["trivial_baselines"]["unigram"]) == {"oracle_nll", "distinct"}
    options = ["metric=heldout_nll", f"out={tmp_path / 'scores.json'}"]
    done = run_here("-m", "gan.evaluate", str(game.folder), *options)
    assert f"Scored   the model of {game.folder}" in done.out, "no sample has a part in it"
