"""A run of images from sentences: training, sampling by text, scores and pages, by the commands and in Python."""

import html
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.testing import assert_close

import gan
from gan.errors import UserError
from gan.features import captions as features
from tests.conftest import Run, run_here
from tests.data.test_captions import birds, write_folder

OPTIONS = ["model=dfgan", "data=captions", "logger=none", "trainer=cpu", "trainer.max_steps=2"]
OPTIONS += ["evaluate.every_n_steps=2", "metric.num_samples=8", "data.batch_size=4", "model.generator.width=4"]
OPTIONS += ["data.image_size=16", "data.attributes=[colour]", "data.test_share=0.4"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A tiny run on files that no longer exist."""
    folder = tmp_path_factory.mktemp("captions")
    root = folder / "images"
    root.mkdir()
    rows = birds(24)
    rows[0]["caption"] = rows[1]["caption"] = "a <b>red & blue</b> bird"
    path = write_folder(root, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "STEPS", 4)
        options = [*OPTIONS, f"data.captions={path}", f"hydra.run.dir={folder / 'run'}", "data.on_error=skip"]
        done = run_here("train.py", *options, folder=folder / "run")
        assert done.status == 0, done.err
        shutil.rmtree(root)
        yield done


def test_scores_and_recorded_words(run: Run) -> None:
    scores = run.results["scores"]["2"]
    assert {"accuracy", "accuracy_seen", "accuracy_colour", "r_precision", "fd_captions"} <= set(scores)
    assert run.results["score_name"] == "accuracy"
    assert "held_out" in run.results["baselines"]
    config = gan.load(run.folder, device="cpu").config
    assert config["data"]["attribute_sizes"] == [2]
    assert "bird" in config["data"]["vocabulary"].split()


def test_the_summary_names_a_command_with_a_held_out_sentence(run: Run, tmp_path: Path) -> None:
    (line,) = re.findall(r"^Sample   python (-m gan\.sample .* --text .*)$", run.out, re.MULTILINE)
    done = run_here(*shlex.split(line), "--num", "2", "--out", str(tmp_path / "x.png"))
    assert done.status == 0, done.err
    assert "bird" in shlex.split(line)[-1]
    assert line in html.unescape((run.folder / "report.html").read_text())


def test_page_shows_sentences_beside_images(run: Run) -> None:
    lines = (run.folder / "samples" / "captions.txt").read_text().splitlines()
    assert len(lines) == 64
    page = (run.folder / "report.html").read_text()
    assert "Sentences and images" in page
    assert page.count(f"<span>{lines[0]}</span>") >= 1
    assert page.count("<li><img") + page.count("<li>\n<img") == 24


def test_sentences_are_sampled_from_the_checkpoint_alone(run: Run, tmp_path: Path) -> None:
    generator = gan.load(run.folder, device="cpu")
    images = generator.sample(3, text="a red bird")
    assert images.shape == (3, 3, 16, 16)
    pair = generator.sample(4, text=["a red bird", "a blue bird"])
    assert_close(pair[0], images[0])
    assert not torch.equal(pair[1], images[1])
    out = tmp_path / "birds"
    done = run_here("-m", "gan.sample", str(run.folder), "--text", "a red bird", "--num", "3", "--out", str(out))
    assert done.status == 0, done.err
    assert len(list(out.glob("*.png"))) == 3
    with Image.open(out / "0.png") as image:
        assert image.size == (16, 16)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a green bird", "'green' is not in the vocabulary"), ("", "a sentence is empty"), ("a " * 99, "has 99 words")],
)
def test_a_sentence_that_does_not_fit_is_one_line(run: Run, text: str, message: str) -> None:
    done = run_here("-m", "gan.sample", str(run.folder), "--text", text)
    assert done.status == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    with pytest.raises(UserError, match=message):
        gan.load(run.folder, device="cpu").sample(1, text=text)


def test_a_generator_without_sentences_takes_none(run: Run) -> None:
    done = run_here("-m", "gan.sample", str(run.folder), "--text", "a bird", "--prefix", "a")
    assert done.status == 2
    assert "--text are not" in done.err
    generator = gan.load(run.folder, device="cpu")
    generator.model.uses_condition = False  # type: ignore[misc]  # as in a model of noise alone
    with pytest.raises(UserError, match="does not generate images from sentences"):
        generator.sample(1, text="a bird")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["model=dfgan", "data=mnist5k"], "vocabulary_size"),
        (["model=pix2pix", "data=captions"], "source_channels"),
        (
            ["model=dfgan", "metric=attribute_accuracy", "metric/features=none"],
            "needs metric/features=captions",
        ),
        (["model=cgan", "metric=attribute_accuracy"], "needs data with attributes: use data=captions"),
        (["metric/features=captions"], "needs images with sentences, and MNIST5k has none"),
    ],
)
def test_parts_that_do_not_fit_are_one_line(options: list[str], message: str, tmp_path: Path) -> None:
    quick = [
        "logger=none",
        "trainer=cpu",
        "trainer.precision=32-true",
        "trainer.max_steps=1",
        f"hydra.run.dir={tmp_path}",
    ]
    done = run_here("train.py", *quick, *options, folder=tmp_path)
    assert done.status == 2, done.err
    assert message in done.err
    assert done.err.count("\n") == 1, done.err


def test_evaluation_has_all_scores(run: Run, tmp_path: Path) -> None:
    rows = birds(24)
    write_folder(tmp_path, rows)
    option = f"data.captions={tmp_path / 'captions.jsonl'}"
    out = tmp_path / "scores.json"
    done = run_here("-m", "gan.evaluate", str(run.folder), option, "num_samples=8", "seeds=1", f"out={out}")
    assert done.status == 0, done.err
    assert {"accuracy", "r_precision", "fd_captions"} <= set(json.loads(out.read_text())["scores"])
