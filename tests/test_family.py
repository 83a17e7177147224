"""Every model through the commands: training, sampling classes, morphing, directions and exported weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import gan
from gan.checkpoint.trained import TrainedGenerator
from gan.data.sequences import SequenceDataModule
from gan.data.vectors import WordVectorModule
from tests.conftest import Run, run_here
from tests.test_conf import EXAMPLES, choices, composed, small, write_photos

Train = Callable[..., Run]
QUICK = ["logger=none", "trainer=cpu", "trainer.max_steps=2", "evaluate.every_n_steps=2", "data.batch_size=16"]
QUICK += ["metric.num_samples=64", "callbacks.neighbors=null"]


def succeeds(*command: str) -> Run:
    done = run_here(*command)
    assert done.status == 0, done.err
    return done


def is_smooth(generator: TrainedGenerator) -> bool:
    """Return whether images have a gradient by the latent vector, which those from discrete codes lack."""
    return generator(generator.latents(1).requires_grad_()).requires_grad


def files_of_user(model: str, folder: Path) -> list[str]:
    """Write images if a model's data are a user's own, and return the options that name them."""
    if composed(f"model={model}").data.get("path") != EXAMPLES[str]:
        return []
    return [f"data.path={write_photos(folder)}", "metric/features=efficientnet_lite0"]


def check_text(folder: str, out: Path) -> None:
    """Check the commands of a model of text."""
    file, exported = out / "samples.txt", out / "exported"
    guided = ["gan.sample", folder, "--num", "5", "--temperature", "0.8", "--prefix", "a man", "--out", str(file)]
    translates = gan.load(folder).model.uses_condition
    if translates:
        assert "translates sentences, and has no temperature and no prefix" in run_here("-m", *guided).err
    else:
        succeeds("-m", *guided)
        lines = file.read_text().splitlines()
        assert len(lines) == 5
        assert all(line.startswith("a man") for line in lines)
    succeeds("-m", "gan.sample", folder, "--num", "5", "--out", str(file))
    assert len(file.read_text().splitlines()) == 5
    succeeds("-m", "gan.export", folder, "--formats", "safetensors", "--out", str(exported))
    again = out / "again.txt"
    succeeds("-m", "gan.sample", str(exported), "--num", "5", "--out", str(again))
    assert again.read_text() == file.read_text()
    evaluated = succeeds("-m", "gan.evaluate", folder, "num_samples=20", "seeds=1", f"out={out / 'scores.json'}")
    assert ("translation_bleu" if translates else "heldout_nll") in evaluated.out
    for refused in (
        ["gan.sample", folder, "--out", str(out / "x.png")],
        ["gan.sample", folder, "--prefix", "a zebra", "--out", str(file)],
        ["gan.sample", folder, "--temperature", "0", "--out", str(file)],
        ["gan.interpolate", folder, "--out", str(out / "x.png")],
        ["gan.explore", "neighbors", folder, "--out", str(out / "x.png")],
        ["gan.export", folder, "--formats", "torch", "--out", str(exported)],
        ["gan.demo", folder, "--no-browser"],
        ["gan.translate", folder, str(out), "--out", str(out / "y")],
    ):
        failed = run_here("-m", *refused)
        assert failed.status == 2, refused
        assert failed.err.count("\n") == 1, failed.err


UNPROJECTED = {"ddpm"}  # no layer has z as its input, but an image of noise
SLOW = {"colorization", "pix2pix"}  # cyclegan stands for them


def check_words(folder: str, out: Path) -> None:
    """Check the commands of a map of word vectors."""
    samples, again, exported = out / "samples.npz", out / "again.npz", out / "exported"
    succeeds("-m", "gan.sample", folder, "--num", "5", "--out", str(samples))
    succeeds("-m", "gan.export", folder, "--formats", "safetensors", "--out", str(exported))
    succeeds("-m", "gan.sample", str(exported), "--num", "5", "--out", str(again))
    vectors = np.load(samples)["vectors"]
    assert len(vectors) == 5
    assert np.array_equal(np.load(again)["vectors"], vectors)
    assert "csls" in succeeds("-m", "gan.evaluate", folder, "seeds=1", f"out={out / 'scores.json'}").out
    for refused in (
        ["gan.sample", folder, "--out", str(out / "x.png")],
        ["gan.interpolate", folder, "--out", str(out / "x.png")],
        ["gan.explore", "neighbors", folder, "--out", str(out / "x.png")],
        ["gan.explore", "directions", folder, "--out", str(out)],
        ["gan.demo", folder, "--no-browser"],
        ["gan.translate", folder, str(out), "--out", str(out / "y")],
        ["gan.translate", folder, "--words", "unheard-of"],
    ):
        failed = run_here("-m", *refused)
        assert failed.status == 2, refused
        assert failed.err.count("\n") == 1, failed.err


MARKED = [
    pytest.param(model, marks=pytest.mark.long if index % 2 or model in SLOW else [])
    for index, model in enumerate(choices("model"))
]


@pytest.mark.parametrize("model", MARKED)
def test_every_model_supports_the_commands(model: str, train: Train, tmp_path: Path) -> None:
    run = train(f"model={model}", *small(model), *QUICK, *files_of_user(model, tmp_path / "photos"))
    assert run.status == 0, run.err
    folder, out = str(run.folder), tmp_path / "samples.npz"

    if isinstance(gan.load(folder).data, SequenceDataModule):
        check_text(folder, tmp_path)
        return
    if isinstance(gan.load(folder).data, WordVectorModule):
        check_words(folder, tmp_path)
        return
    classes = ["--classes", "1", "0"] if gan.load(folder).num_classes > 1 else []
    succeeds("-m", "gan.sample", folder, "--num", "5", *classes, "--out", str(out))
    images = np.load(out)["images"]
    assert images.shape[0] == 5
    morph = ["gan.interpolate", folder, "--seeds", "0", "1", "--num", "2", "--out", str(tmp_path / "morph.png")]
    directions = ["--num", "1", "--methods", "principal", "--out", str(tmp_path)]
    looked = run_here("-m", "gan.explore", "directions", folder, *directions)
    if gan.load(folder).data.source_shape is not None:
        assert "translates images, and has no latent vector" in run_here("-m", *morph).err
        assert "translates images, and has no latent vector" in looked.err
    else:
        succeeds("-m", *morph)
        if model in UNPROJECTED:
            assert "no layer but the last has z as its input" in looked.err
        elif is_smooth(gan.load(folder)):
            assert looked.status == 0, looked.err
        else:
            assert "change smoothly with the latent vector" in looked.err

    exported = tmp_path / "exported"
    succeeds("-m", "gan.export", folder, "--formats", "safetensors", "--out", str(exported))
    succeeds("-m", "gan.sample", str(exported), "--num", "5", *classes, "--out", str(out))
    assert np.array_equal(np.load(out)["images"], images)
