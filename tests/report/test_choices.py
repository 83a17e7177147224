"""Choices of a run: config groups, and the options that differ from their defaults."""

from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from gan.report import choices as module
from gan.report.choices import find_choices
from gan.runs.commands import command_comments, earlier_commands
from gan.runs.folder import RunFolder
from gan.runs.record import read_run
from tests.test_conf import composed


def choices(
    folder: Path, *overrides: str, by_run: tuple[str, ...] = ()
) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Write and read the configuration of a run with some overrides; ``by_run`` are values that the run chose."""
    config = OmegaConf.to_container(composed(*overrides, "id=ab", *by_run), resolve=True)
    text = OmegaConf.to_yaml(OmegaConf.create(config))
    (folder / "config.yaml").write_text(command_comments(overrides) + text)
    assert OmegaConf.load(folder / "config.yaml") == config, "comments change nothing"
    run = read_run(folder)
    result = find_choices(run.commands, run.config)
    if result.options is None:
        return result.groups, None
    return result.groups, {option.key: (option.value, option.default) for option in result.options}


@pytest.mark.parametrize(
    ("overrides", "values"),
    [
        ([], {}),
        (["model=dcgan", "loss=wgan_gp", "seed=3"], {}),
        (["optimizer.generator.lr=3e-4"], {"optimizer.generator.lr": ("0.0003", "0.0002")}),
        (["model.generator.width=8"], {"model.generator.width": ("8", "32")}),
        (["model.discriminator.width=8"], {"model.discriminator.width": ("8", "32")}),
        (["loss=wgan_gp", "loss.critic_steps=2"], {"loss.critic_steps": ("2", "5")}),
        (["evaluate.every_n_steps=7"], {"evaluate.every_n_steps": ("7", "200")}),
        (["callbacks.evaluation=null"], {"callbacks.evaluation": ("null", "Evaluation")}),
        (["trainer.precision=32-true"], {"trainer.precision": ("32-true", "auto")}),
        (
            ["data=image_folder", "data.path=pictures"],
            {"data.path": ("pictures", None), "data.num_classes": ("1", "null")},  # the number that was found
        ),
        (["experiment=grid25_r3gan", "model.latent_dim=3"], {"model.latent_dim": ("3", "2")}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_changed_options(overrides: list[str], values: dict[str, Any], tmp_path: Path) -> None:
    assert choices(tmp_path, *overrides)[1] == values


def test_groups(tmp_path: Path) -> None:
    groups, _ = choices(tmp_path, "loss=wgan_gp", "metric=[frechet,prdc]", "optimizer=sgd")
    assert groups == {
        "model": "dcgan",
        "loss": "wgan_gp",
        "data": "mnist5k",
        "trainer": "default",
        "metric": "[frechet,prdc]",
        "optimizer": "sgd",
    }
    groups, _ = choices(tmp_path, "experiment=grid25_r3gan")
    assert (groups["experiment"], groups["loss"], groups["data"]) == ("grid25_r3gan", "r3gan", "grid25")


def test_automatic_values_are_not_changed_options(tmp_path: Path) -> None:
    assert choices(tmp_path, "loss=hinge", by_run=("trainer.precision=bf16-mixed",))[1] == {}


def test_without_a_command_the_name_gives_model_and_loss(tmp_path: Path) -> None:
    config = OmegaConf.to_container(composed("model=mlp_gan", "loss=wgan_gp", "name=mlp_gan-wgan_gp"), resolve=True)
    assert isinstance(config, dict)
    assert earlier_commands(RunFolder(tmp_path)) == []
    result = find_choices([], config)
    assert (result.groups["model"], result.groups["loss"], result.options) == ("mlp_gan", "wgan_gp", [])


def test_without_conf_the_defaults_are_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices(tmp_path, "loss=hinge", "model.generator.width=8")
    module._compose_defaults.cache_clear()
    monkeypatch.setattr("gan.config.CONF", tmp_path / "missing")
    monkeypatch.setattr(module, "CONF", tmp_path / "missing")
    result = find_choices(read_run(tmp_path).commands, {"name": "dcgan-hinge"})
    assert (result.groups, result.options) == ({"loss": "hinge"}, None)


@pytest.mark.parametrize("key", ["name", "data.path", "model.generator.width"])
def test_a_strangers_interpolations_are_not_resolved(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hinge")
    config = composed("data=image_folder", "data.path=x", "id=ab")
    text = OmegaConf.to_yaml(OmegaConf.create(OmegaConf.to_container(config, resolve=True)))
    node = OmegaConf.create(text)
    OmegaConf.update(node, key, "${oc.env:SECRET}")
    command = "# python train.py data=image_folder data.path=x 'loss=${oc.env:SECRET}'\n"
    (tmp_path / "config.yaml").write_text(command + OmegaConf.to_yaml(node))
    run = read_run(tmp_path)
    found = find_choices(run.commands, run.config)
    assert found.options is None
    assert "hinge" not in str(found)
