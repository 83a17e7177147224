"""What a run chose: the parts, and just the values that differ from what those bring."""

from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from gan.report import choices as module
from gan.report.choices import choices, heading, past_commands
from tests.test_conf import composed


def chosen(
    folder: Path, *overrides: str, settled: tuple[str, ...] = ()
) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Leave what a run of these options leaves, and compare it; ``settled`` is what it decided itself."""
    config = OmegaConf.to_container(composed(*overrides, "id=ab", *settled), resolve=True)
    text = OmegaConf.to_yaml(OmegaConf.create(config))
    (folder / "config.yaml").write_text(heading(list(overrides), []) + text)
    assert OmegaConf.load(folder / "config.yaml") == config, "comments change nothing"
    found = choices(folder, config)
    values = None if found.values is None else {value.key: (value.own, value.usual) for value in found.values}
    return found.parts, values


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
        (["data=image_folder", "data.path=pictures"], {"data.path": ("pictures", None)}),
        (["experiment=grid25_r3gan", "model.latent_dim=3"], {"model.latent_dim": ("3", "2")}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_values_that_differ(overrides: list[str], values: dict[str, Any], tmp_path: Path) -> None:
    assert chosen(tmp_path, *overrides)[1] == values


def test_parts(tmp_path: Path) -> None:
    parts, _ = chosen(tmp_path, "loss=wgan_gp", "metric=[frechet,prdc]", "optimizer=sgd")
    assert parts == {
        "model": "dcgan",
        "loss": "wgan_gp",
        "data": "mnist5k",
        "trainer": "default",
        "metric": "[frechet,prdc]",
        "optimizer": "sgd",
    }
    parts, _ = chosen(tmp_path, "experiment=grid25_r3gan")
    assert (parts["experiment"], parts["loss"], parts["data"]) == ("grid25_r3gan", "r3gan", "grid25")


def test_what_a_run_settled_itself_is_no_choice(tmp_path: Path) -> None:
    assert chosen(tmp_path, "loss=hinge", settled=("trainer.precision=bf16-mixed",))[1] == {}


def test_without_a_command_the_name_tells_model_and_loss(tmp_path: Path) -> None:
    config = OmegaConf.to_container(composed("model=mlp_gan", "loss=wgan_gp", "name=mlp_gan-wgan_gp"), resolve=True)
    assert isinstance(config, dict)
    found = choices(tmp_path, config)
    assert (found.parts["model"], found.parts["loss"], found.values) == ("mlp_gan", "wgan_gp", [])


def test_without_conf_the_values_are_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(tmp_path, "loss=hinge", "model.generator.width=8")
    module._usual.cache_clear()
    monkeypatch.setattr("gan.config.CONF", tmp_path / "nowhere")
    monkeypatch.setattr(module, "CONF", tmp_path / "nowhere")
    found = choices(tmp_path, {"name": "dcgan-hinge"})
    assert (found.parts, found.values) == ({"loss": "hinge"}, None)


def test_commands_of_a_resumed_run_follow_one_another(tmp_path: Path) -> None:
    assert past_commands(tmp_path) == []
    first = heading(["loss=hinge", "name=a b"], [])
    assert first == "# python train.py loss=hinge 'name=a b'\n"
    (tmp_path / "config.yaml").write_text(first + "name: a b\n")
    second = heading(["trainer.max_steps=4"], past_commands(tmp_path))
    assert second == first + "# python train.py trainer.max_steps=4\n"
