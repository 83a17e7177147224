"""A run of word vectors: from files to samples, translations, scores, exports and pages, by the commands."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import gan
from gan.data.made_languages import made_languages
from gan.data.vec_file import write_vectors
from gan.errors import UserError
from gan.explore.mapping import _doubt
from tests.conftest import Run, run_here

QUICK = ["model=muse", "logger=none", "trainer=cpu", "trainer.max_steps=4", "evaluate.every_n_steps=2"]
QUICK += ["data.batch_size=8", "data.commonest=40", "metric.measures.word_translation.refinements=1"]
Train = Callable[..., Run]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of two small languages and their dictionary."""
    path = tmp_path_factory.mktemp("words")
    for name, language in zip("ab", made_languages(60, 5, 0.1, 0), strict=True):
        write_vectors(language, path / f"{name}.vec")
    (path / "pairs.txt").write_text("".join(f"a{index} b{index}\n" for index in range(0, 60, 2)))
    return path


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    paths = [f"data.source_path={folder / 'a.vec'}", f"data.target_path={folder / 'b.vec'}"]
    options = [*QUICK, *paths, f"data.dictionary_path={folder / 'pairs.txt'}", f"hydra.run.dir={folder / 'run'}"]
    done = run_here("train.py", *options, folder=folder / "run")
    assert done.status == 0, done.err
    return done


def test_files_of_a_run(run: Run) -> None:
    assert run.results["score_name"] == "csls"
    assert set(run.results["scores"]["4"]) == {"csls", "p1", "p5", "p10", "refined_p1"}
    lines = (run.folder / "samples" / "000004.txt").read_text().splitlines()
    assert len(lines) == 64
    assert lines[0].startswith("a0: b")
    assert "()" not in run.out
    page = (run.folder / "report.html").read_text()
    assert f'<pre class="lines">{lines[0]}\n' in page
    assert "vectors/s" in page
    config = gan.load(run.folder, device="cpu").config
    assert config["data"]["dimension"] == 5


def test_the_summary_names_a_command_with_words(run: Run) -> None:
    assert re.search(r"^Sample   python -m gan\.translate .*\.ckpt --words a0 a2$", run.out, re.MULTILINE)


def test_samples_are_translations_or_vectors(run: Run, tmp_path: Path) -> None:
    for out in ("x.txt", "x.npz"):
        done = run_here("-m", "gan.sample", str(run.folder), "--num", "3", "--out", str(tmp_path / out))
        assert done.status == 0, done.err
    assert [line.partition(":")[0] for line in (tmp_path / "x.txt").read_text().splitlines()] == ["a0", "a2", "a4"]
    assert np.load(tmp_path / "x.npz")["vectors"].shape == (3, 5)
    done = run_here("-m", "gan.sample", str(run.folder), "--out", str(tmp_path / "x.png"))
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "use the suffix .txt, or .npz for their vectors" in done.err
    assert "<pre>a0: " in gan.load(run.folder, device="cpu")._repr_html_()


def test_words_are_translated_in_both_directions(run: Run) -> None:
    done = run_here("-m", "gan.translate", str(run.folder), "--words", "a0", "a59", "--num", "2")
    assert done.status == 0, done.err
    assert [line.partition(":")[0] for line in done.out.splitlines()] == ["a0", "a59"]
    generator = gan.load(run.folder, device="cpu")
    (translation,) = generator.translate_words(["a0"], num=60, refinements=0)
    assert sorted(translation.translations) == sorted(f"b{index}" for index in range(60))
    assert list(translation.scores) == sorted(translation.scores, reverse=True)
    (back,) = generator.translate_words(["b0"], back=True)
    assert all(word.startswith("a") for word in back.translations)
    with pytest.raises(UserError, match="the number of translations must be at least 1"):
        generator.translate_words(["a0"], num=0)


def test_the_checkpoint_alone_maps_vectors_and_names_the_files_that_words_need(run: Run, tmp_path: Path) -> None:
    alone, moved = tmp_path / "alone.ckpt", run.folder.parent / "moved.vec"
    shutil.copy(run.folder / "checkpoints" / "last.ckpt", alone)
    source = run.folder.parent / "a.vec"
    source.rename(moved)
    try:
        generator = gan.load(alone, device="cpu")
        vectors = torch.eye(5)
        mapped = generator.sample(5, condition=vectors)
        assert torch.equal(mapped, generator.model.generator.weight.T)
        done = run_here("-m", "gan.translate", str(alone), "--words", "a0")
        assert (done.status, done.err.count("\n")) == (2, 1)
        assert "a.vec cannot be read" in done.err
    finally:
        moved.rename(source)


def test_maps_are_compared_with_controls(run: Run) -> None:
    options = ["--refinements", "2", "--words", "50", "--others", str(run.folder / "checkpoints" / "last.ckpt")]
    done = run_here("-m", "gan.explore", "mapping", str(run.folder), *options)
    assert done.status == 0, done.err
    names = [line.split("  ")[0].strip() for line in done.out.splitlines()]
    for name in ("chance", "identical spelling", "random rotation 0, refined", "similarity distributions, refined"):
        assert name in names
    supervised = next(line for line in done.out.splitlines() if line.startswith("supervised"))
    assert float(supervised.split()[4]) > 0.9
    assert "Chosen without labels, by csls: " in done.out


def test_a_chosen_map_that_is_no_better_than_chance_is_named() -> None:
    rows = {"chance": {"p1": 0.01}, "identical spelling": {"p1": 0.2}, "a, refined": {"p1": 0.2}}
    assert _doubt(rows, "a, refined", 100).startswith(
        "; but its p1, 0.200, is no better than identical spelling: no run"
    )
    rows["a, refined"]["p1"] = 0.025
    assert "no better than chance and identical spelling" in _doubt(rows, "a, refined", 100)
    rows |= {"a, refined": {"p1": 0.21}}
    assert not _doubt(rows, "a, refined", 100)


@pytest.mark.long
def test_exports_map_vectors(run: Run, tmp_path: Path) -> None:
    done = run_here("-m", "gan.export", str(run.folder), "--out", str(tmp_path), "--formats", "safetensors", "torch")
    assert done.status == 0, done.err
    assert 'translate_words(["word"])' in done.out
    (first, *_) = gan.load(tmp_path, device="cpu").translate_words(["a0"])
    assert first == gan.load(run.folder, device="cpu").translate_words(["a0"])[0]
    program, vectors = torch.export.load(tmp_path / "generator.pt2").module(), torch.eye(5)
    assert torch.equal(program(vectors), gan.load(run.folder, device="cpu").sample(5, condition=vectors))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--words", "b0"], "'b0' is not among the 60 words with a vector"),
        (["--words", "a0", "--num", "0"], "must be at least 1"),
        (["x.png", "--words", "a0"], "name either images or, after --words, words"),
        (["x.png"], "translation needs images, and VectorFiles has vectors"),
        ([], "name either images or"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(run: Run, arguments: list[str], message: str) -> None:
    done = run_here("-m", "gan.translate", str(run.folder), *arguments)
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert message in done.err


def test_commands_of_images_are_refused_in_one_line(run: Run) -> None:
    for command in (
        ["gan.interpolate", str(run.folder)],
        ["gan.explore", "neighbors", str(run.folder)],
        ["gan.evaluate", str(run.folder), "metric=frechet"],
    ):
        done = run_here("-m", *command)
        assert (done.status, done.err.count("\n")) == (2, 1), command


@pytest.mark.long
def test_wrong_options_are_refused_in_one_line(train: Train, folder: Path) -> None:
    (folder / "bad.vec").write_text("a 1 2\nb 1\n")
    paths = [f"data.source_path={folder / 'a.vec'}", f"data.target_path={folder / 'b.vec'}"]
    for options, message in (
        (paths, "needs a dictionary: set data.dictionary_path, or train without one by metric=[csls]"),
        ([*paths, f"data.dictionary_path={folder / 'none.txt'}"], "none.txt cannot be read: No such file"),
        ([f"data.source_path={folder / 'bad.vec'}", paths[1]], "bad.vec, line 2: the word 'b' has 1 numbers, not 2"),
        (paths[:1], "data.target_path is missing"),
        (["augment=diffaug"], "image_size"),
        (["model=dcgan", "data=word_vectors"], "data.channels"),
    ):
        done = train(*QUICK, *options)
        assert (done.status, done.err.count("\n")) == (2, 1), done.err
        assert message in done.err
