"""Messages for command lines that Hydra refuses, and for options of other projects."""

import re
import sys

import pytest

from gan.cli import explain
from gan.config import compose_config, default_options
from gan.foreign_options import BY_NAME, INSTEAD, what_to_use


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("epochs=3", "epochs has no meaning here: use trainer.max_steps, in generator updates"),
        ("lr=1e-3", "lr has no meaning here: use optimizer.generator.lr and optimizer.discriminator.lr"),
        ("+trainer.num_epochs.x=3", None),
        ("trainer.num_epochs=3", "trainer.num_epochs has no meaning here: use trainer.max_steps, in generator updates"),
        (
            "optimizer.lr=1",
            "optimizer.lr has no meaning here: use optimizer.generator.lr and optimizer.discriminator.lr",
        ),
        (
            "batch_size=8",
            "batch_size has no meaning here: use data.batch_size, the number of images of all devices together",
        ),
        ("gpus=2", "gpus has no meaning here: use trainer.devices, with trainer.accelerator=gpu"),
        ("callbacks.samples.size=3", "there is no option 'callbacks.samples.size'; did you mean 'callbacks.samples'?"),
        (
            "model.generator.widht=3",
            "there is no option 'model.generator.widht'; did you mean 'model.generator.width'?",
        ),
        ("~callbacks.smaples", "there is no option 'callbacks.smaples'; did you mean 'callbacks.samples'?"),
        ("+seed=3", "there is an option 'seed': leave the + out"),
        ("foo", "foo is no option: write KEY=VALUE, as in seed=1"),
        ("data.päth=x", "data.päth=x is no option: write KEY=VALUE, as in seed=1"),
        ("\x1b[31m", r"\x1b[31m is no option: write KEY=VALUE, as in seed=1"),
        (
            "name=a,b c",
            "name=a,b c is several values: add -m for a run with each, or write 'name=[a,b c]' for a list, "
            "or 'name=\"a,b c\"' for a text",
        ),
        ("optimizer=adm", "optimizer=adm: there are .*; did you mean 'adam'?"),
        ("experiment=course/altrnating", "experiment=course/altrnating: .*; did you mean 'course/alternating'?"),
        ("data.path=[a", "data.path=[a is not in Hydra's grammar: a text needs quotes for Hydra and for the shell: "),
    ],
)
def test_message(argument: str, message: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", argument])
    if message is None:
        compose_config("train", [argument])
        return
    with pytest.raises(Exception) as error:  # noqa: PT011  # of Hydra's several kinds
        compose_config("train", [argument])
    said = explain(error.value, "train") or ""
    assert re.match(message, said) if ".*" in message else said.startswith(message), said


def test_options_of_other_projects_are_answered_with_options_of_this_one() -> None:
    known = {*default_options("train", ["loss=wgan_gp", "data=image_folder"]), "hydra.run.dir"}
    for name, advice in BY_NAME.items():
        named = re.findall(r"\b[a-z_]+(?:\.[a-z_]+)+\b|\bckpt\b|\bseed\b", advice)
        assert named, advice
        assert set(named) <= known, advice
        assert all(what_to_use(option) is None for option in named), name
        assert name not in known
    assert what_to_use("callbacks.samples.lr") is None, "only where people expect it"
    assert not BY_NAME.keys() & INSTEAD.keys()
