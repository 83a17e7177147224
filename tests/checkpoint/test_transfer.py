"""Start from another run's weights: what fits is copied, what does not is named, all else is new."""

from pathlib import Path
from typing import Any

import pytest
import torch

import gan
from gan.checkpoint.reading import Checkpoint, read, restore
from gan.checkpoint.transfer import copy_fitting_weights, transfer
from gan.errors import UserError
from gan.instantiate import build
from gan.models.trainable import Trainable
from tests.conftest import LIVELY, TINY, Run, run_here, run_python

Weights = dict[str, torch.Tensor]
OPTIONS = [*TINY, "model=cgan", "augment=ada", "augment.start=0.5"]


def make(*overrides: str) -> Trainable:
    model: Trainable = build(gan.compose(*overrides).model)
    return model


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a conditional run on ten digits, of ten updates."""
    folder = tmp_path_factory.mktemp("source")
    assert run_here("train.py", *OPTIONS, *LIVELY, f"hydra.run.dir={folder}").status == 0
    return folder


def changed(source: Path, state: Weights, **contents: Any) -> Checkpoint:
    found = read(source)
    return Checkpoint(found.path, found.saved, found.config, found.global_step, state, **contents)


def same(model: Trainable, state: Weights) -> dict[str, bool]:
    return {
        name: name in state and state[name].shape == value.shape and torch.equal(value, state[name])
        for name, value in model.state_dict().items()
    }


def test_networks_and_their_average_are_copied_and_nothing_else(source: Path) -> None:
    checkpoint = read(source)
    state = checkpoint.state_dict or {}
    model = make(*OPTIONS)
    before = same(model, state)
    fits = copy_fitting_weights(model, checkpoint)
    assert [fit.network for fit in fits] == ["generator", "discriminator"]
    assert not any(line for fit in fits for line in fit.lines())
    after = same(model, state)
    networks = [name for name in after if name.startswith(("generator.", "discriminator.", "ema."))]
    assert all(after[name] for name in networks)
    assert sum(before[name] for name in networks) < len(networks) / 2
    assert not torch.equal(state["ema.network.layers.0.weight"], state["generator.layers.0.weight"])
    assert model.state_dict()["augment.pending"] == 0 != state["augment.pending"], "ADA starts anew"


def test_what_does_not_fit_keeps_its_new_weights_and_is_named(source: Path) -> None:
    checkpoint = read(source)
    state = dict(checkpoint.state_dict or {})
    first, last = (
        next(name for name in state if name.startswith(network)) for network in ("generator", "discriminator")
    )
    state[first] = state[first][:-1]
    state["ema.network." + first.removeprefix("generator.")] = state[first]
    state["discriminator.extra"] = state.pop(last)
    state["objective.mean"] = torch.ones(())
    model = make(*OPTIONS)
    new = {name: value.clone() for name, value in model.state_dict().items()}
    generator, discriminator = copy_fitting_weights(model, changed(source, state))
    assert torch.equal(model.state_dict()[first], new[first])
    assert torch.equal(model.state_dict()[last], new[last])
    (line,) = generator.lines()
    assert line.startswith("generator, new where shapes differ: ")
    assert line.count("there") == 1
    assert list(discriminator.lines()) == [
        f"discriminator, new where that run has none: {last.removeprefix('discriminator.')}",
        "discriminator, left out of that run: extra",
    ]


def test_long_lists_are_cut_short(source: Path) -> None:
    state = {key: value for key, value in (read(source).state_dict or {}).items() if key.startswith("generator.")}
    model = make(*OPTIONS)
    _, discriminator = copy_fitting_weights(model, changed(source, state))
    (line,) = discriminator.lines()
    assert line.endswith(f" and {len(discriminator.missing) - 4} more")
    assert line.count(",") == 4


def test_a_run_without_an_average_gives_its_weights_to_both(source: Path) -> None:
    state = {key: value for key, value in (read(source).state_dict or {}).items() if not key.startswith("ema.")}
    model = make(*OPTIONS)
    copy_fitting_weights(model, changed(source, state))
    assert model.ema is not None
    ema = model.ema.network.state_dict()
    assert all(torch.equal(value, ema[name]) for name, value in model.generator.state_dict().items())
    assert all(torch.equal(value, state[f"generator.{name}"]) for name, value in ema.items())


def test_exported_weights_start_the_generator(source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert run_here("-m", "gan.export", str(source), "--out", str(tmp_path)).status == 0
    wanted = restore(read(source))
    model = make(*OPTIONS)
    caplog.set_level("INFO", transfer.__module__)
    transfer(model, str(tmp_path))
    assert wanted.ema is not None
    assert model.ema is not None
    for network in (model.generator, model.ema.network):
        state = wanted.ema.network.state_dict()
        assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    found, missing = (record.getMessage() for record in caplog.records if record.name == transfer.__module__)
    total = len(list(model.generator.parameters()))
    assert f"of generator update 10: generator {total} of {total}, discriminator 0 of " in found
    assert missing.startswith("discriminator, new where that run has none: ")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("none", "no checkpoint at none"),
        (".", "no checkpoint at"),
        ("pyproject.toml", "damaged or no checkpoint of this project"),
    ],
)
def test_paths_that_are_no_run(path: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        transfer(make(*OPTIONS), path)
    assert "\n" not in str(error.value)


def test_a_run_of_which_nothing_fits(source: Path) -> None:
    with pytest.raises(UserError, match=r"none of its weights fit .* gan\.models\.cgan\.CGAN: choose the model"):
        transfer(make("model=progan", "loss=wgan_gp", *TINY), str(source))


def test_a_run_starts_from_another_and_resumes_without_it(source: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    source.rename(moved)
    try:
        options = [*OPTIONS, f"init={moved}", "optimizer.generator.lr=1e-12", "optimizer.discriminator.lr=1e-12"]
        run = start(tmp_path / "run", *options, "trainer.max_steps=2")
        assert run.status == 0, run.err
        assert "of generator update 10: generator" in run.err
        state, before = run.checkpoint()["state_dict"], torch.load(moved / "checkpoints" / "best.ckpt")["state_dict"]
        assert run.checkpoint()["global_step"] == 2
        for name in (name for name, value in before.items() if name.startswith("generator.") and value.dim() > 1):
            torch.testing.assert_close(state[name], before[name])
        assert run.results["config"]["init"] == str(moved)
    finally:
        moved.rename(source)
    again = start(None, f"ckpt={tmp_path / 'run'}", "trainer.max_steps=3", folder=tmp_path / "run")
    assert again.status == 0, again.err
    assert again.checkpoint()["global_step"] == 3
    both = start(None, f"ckpt={tmp_path / 'run'}", f"init={source}", "trainer.max_steps=4")
    assert both.status == 2
    assert "a resumed run goes on from its own weights; leave out init or ckpt" in both.err


@pytest.mark.long
def test_two_ranks_start_from_the_same_weights(source: Path, tmp_path: Path) -> None:
    still = ["optimizer.generator.lr=1e-12", "optimizer.discriminator.lr=1e-12", "trainer.max_steps=1"]
    options = [*OPTIONS, *still, f"init={source}", "trainer.devices=2", f"hydra.run.dir={tmp_path}"]
    run = run_python("train.py", *options, folder=tmp_path)
    assert run.status == 0, run.err
    assert run.err.count("of generator update 10: generator") == 1, "one rank says what was copied"
    before = read(source).state_dict or {}
    for name, value in run.checkpoint()["state_dict"].items():
        if name.startswith(("generator.", "discriminator.")) and value.dim() > 1:
            torch.testing.assert_close(value, before[name])


def start(output: Path | None, *options: str, folder: Path | None = None) -> Run:
    into = [] if output is None else [f"hydra.run.dir={output}"]
    return run_here("train.py", *options, *into, folder=folder or output or Path())
