"""A run of sentence translation: from made languages to scores, samples and translated files, by the commands."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import gan
from gan.errors import UserError
from tests.conftest import Run, run_here

QUICK = ["model=unmt", "logger=none", "trainer=cpu", "evaluate.every_n_steps=2", "data.made_sentences=100"]
QUICK += ["data.batch_size=4", "model.generator.width=8", "model.generator.embedding=8", "metric.num_samples=20"]
QUICK += ["model.phases.0.steps=1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("sentences")
    done = run_here("train.py", *QUICK, "trainer.max_steps=2", f"hydra.run.dir={folder}", folder=folder)
    assert done.status == 0, done.err
    return done


def test_files_of_a_run(run: Run) -> None:
    assert run.results["score_name"] == "translation_bleu"
    assert set(run.results["trivial_baselines"]) == {"copy", "word_by_word"}
    lines = (run.folder / "samples" / "000002.txt").read_text().splitlines()
    assert " . => " in lines[0]
    config = gan.load(run.folder, device="cpu").config["data"]
    assert config["vocabulary_size"] == len(config["vocabulary"].split()) + 1 == len(config["dictionary"][0].split())


def test_samples_are_translations_or_tokens(run: Run, tmp_path: Path) -> None:
    for out in ("x.txt", "x.npz"):
        done = run_here("-m", "gan.sample", str(run.folder), "--num", "3", "--out", str(tmp_path / out))
        assert done.status == 0, done.err
    assert len((tmp_path / "x.txt").read_text().splitlines()) == 3
    assert np.load(tmp_path / "x.npz")["tokens"].shape[0] == 3
    done = run_here("-m", "gan.sample", str(run.folder), "--temperature", "0.5")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert f"use python -m gan.translate {run.folder}" in done.err


def test_a_file_is_translated_line_by_line_in_both_directions(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("a dog sings .\n\nthe cat waits .\n")
    arguments = ["-m", "gan.translate", str(run.folder), "--text", str(source)]
    printed = run_here(*arguments)
    assert printed.status == 0, printed.err
    generator = gan.load(run.folder, device="cpu")
    lines = generator.translate_lines(["a dog sings .", "", "the cat waits ."])
    assert printed.out.splitlines() == lines
    assert lines[1] == ""
    written = run_here(*arguments, "--out", str(tmp_path / "b.txt"), "--batch-size", "1")
    assert written.out == f"Wrote 3 lines to {tmp_path / 'b.txt'}\n"
    assert (tmp_path / "b.txt").read_text().splitlines() == lines
    source.write_text("ao godo .\n")
    back = run_here(*arguments, "--direction", "BtoA")
    assert back.out.splitlines() == generator.translate_lines(["ao godo ."], back=True)


def test_what_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("a zebra\n")
    for arguments, message in {
        ("--text", str(source)): "'zebra' is not in the vocabulary",
        ("--text", "nowhere.txt"): "--text nowhere.txt cannot be read as UTF-8 text",
        ("--text", str(source), "--words", "dog"): "name either images or",
        ("x.png",): "translation needs images, and UnpairedText has sentences",
        ("--words", "dog"): "needs word vectors, as in data=word_vectors, and UnpairedText has sentences",
    }.items():
        done = run_here("-m", "gan.translate", str(run.folder), *arguments)
        assert (done.status, done.err.count("\n")) == (2, 1), done.err
        assert message in done.err
    generator = gan.load(run.folder, device="cpu")
    with pytest.raises(UserError, match="a batch must have at least 1 line, not 0"):
        generator.translate_lines(["a dog"], batch_size=0)


def test_the_summary_names_a_command_with_a_file(run: Run) -> None:
    assert re.search(r"^Sample   python -m gan\.translate .*\.ckpt --text FILE\.txt$", run.out, re.MULTILINE)


def test_weights_are_all_that_is_exported(run: Run, tmp_path: Path) -> None:
    refused = run_here(
        "-m", "gan.export", str(run.folder), "--formats", "safetensors", "torch", "--out", str(tmp_path / "x")
    )
    assert (refused.status, (tmp_path / "x").exists()) == (2, False)
    assert "generates sentences, and is not exported as torch: use --formats safetensors" in refused.err
    done = run_here("-m", "gan.export", str(run.folder), "--out", str(tmp_path))
    assert done.status == 0, done.err
    assert {path.name for path in tmp_path.iterdir()} == {"generator.safetensors", "generator.json"}
    assert "onnx" not in done.out


def test_a_warning_counts_unknown_words(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    generator = gan.load(run.folder, device="cpu")
    monkeypatch.setitem(generator.data.__dict__, "unknown", 1)  # as with data.min_count=2
    generator.translate_lines(["a dog", "a zebra", "a lynx"])
    generator.translate_lines(["a dog", "a zebra"])
    assert [record.getMessage() for record in caplog.records] == [
        "2 words are not in the vocabulary and are taken for unknown: zebra, ...",
        "1 word is not in the vocabulary and is taken for unknown: zebra",
    ]


@pytest.mark.long
def test_weights_alone_translate(run: Run, tmp_path: Path) -> None:
    done = run_here("-m", "gan.export", str(run.folder), "--formats", "safetensors", "--out", str(tmp_path))
    assert done.status == 0, done.err
    assert 'translate_lines(["a sentence"])' in done.out
    line = ["a dog sings ."]
    assert gan.load(tmp_path).translate_lines(line) == gan.load(run.folder, device="cpu").translate_lines(line)


@pytest.mark.long
def test_a_resumed_run_ends_in_the_same_weights(run: Run, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    shutil.copytree(run.folder, parts)
    done = run_here("train.py", *QUICK, "trainer.max_steps=4", f"hydra.run.dir={whole}", folder=whole)
    assert done.status == 0, done.err
    resumed = run_here(
        "train.py", f"ckpt={parts / 'checkpoints/last.ckpt'}", "trainer.max_steps=4", "logger=none", folder=parts
    )
    assert resumed.status == 0, resumed.err
    states = [
        torch.load(folder / "checkpoints" / "last.ckpt", weights_only=False)["state_dict"] for folder in (whole, parts)
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
