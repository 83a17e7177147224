"""Every choice in conf/: all combinations of model, loss and regulariser train two steps, and all else builds."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from pytorch_lightning import Trainer

from gan import folders
from gan.config import build
from gan.data.base import ImageDataModule
from gan.models.gan import GAN
from tests.conftest import ROOT, run_here

CONF = ROOT / "conf"


def choices(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def composed(*overrides: str) -> DictConfig:
    folders.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", ["name=test", "run_dir=nowhere", *overrides])


@pytest.fixture(scope="module")
def data() -> ImageDataModule:
    module = build(composed("data.batch_size=8").data)
    assert isinstance(module, ImageDataModule)
    return module


def small(model: str) -> list[str]:
    """Options that make a model small, whatever it is called."""
    keys = composed(f"model={model}").model
    return [f"model.{player}.width=8" for player in ("generator", "discriminator") if "width" in keys.get(player, {})]


def fit(config: DictConfig, data: ImageDataModule, folder: Path, precision: Any = "32-true") -> GAN:
    model = build(config.model)
    terms: list[dict[str, torch.Tensor]] = []
    model.on_train_batch_end = lambda outputs, *_: terms.append(outputs)
    trainer = Trainer(
        accelerator="cpu",
        precision=precision,
        max_steps=2,
        max_epochs=-1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    trainer.fit(model, datamodule=data)
    assert trainer.global_step == 2
    assert all(value.isfinite() for step in terms for value in step.values()), terms
    return model


def check_trained(config: DictConfig, trained: GAN) -> None:
    """Every weight has learned, and the checkpoint's weights make the same samples, of classes too."""
    for name, parameter in trained.named_parameters():
        if not name.startswith("ema."):
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
    twin = build(config.model)
    twin.load_state_dict(trained.state_dict())
    assert torch.equal(twin.sample(3), trained.sample(3))
    (batch,) = trained.iterate_samples(range(4), classes=[trained.num_classes - 1])
    assert batch.labels.tolist() == 4 * [trained.num_classes - 1]
    assert batch.images.isfinite().all()


@pytest.mark.parametrize(("model", "loss"), list(product(choices("model"), choices("loss"))))
def test_all_models_train_with_all_losses(model: str, loss: str, data: ImageDataModule, tmp_path: Path) -> None:
    config = composed(f"model={model}", f"loss={loss}", *small(model))
    check_trained(config, fit(config, data, tmp_path))


@pytest.mark.parametrize("regularizers", choices("loss/regularizers"))
@pytest.mark.parametrize("loss", choices("loss"))
def test_all_losses_train_with_all_regularizers(
    loss: str, regularizers: str, data: ImageDataModule, tmp_path: Path
) -> None:
    options = [f"loss/regularizers=[{regularizers}]", *small("dcgan")]
    config = composed("model=dcgan", f"loss={loss}", *options)
    check_trained(config, fit(config, data, tmp_path))


@pytest.mark.parametrize("augment", [choice for choice in choices("augment") if choice != "none"])
@pytest.mark.parametrize("loss", ["non_saturating", "wgan_gp"])
def test_augmentations_train(loss: str, augment: str, data: ImageDataModule, tmp_path: Path) -> None:
    config = composed("model=dcgan", f"loss={loss}", f"augment={augment}", *small("dcgan"))
    check_trained(config, fit(config, data, tmp_path, "bf16-mixed"))


IN_HALF = [(model, "wgan_gp") for model in choices("model")] + [("dcgan", loss) for loss in choices("loss")]


@pytest.mark.parametrize(("model", "loss"), sorted(set(IN_HALF)))
def test_all_models_and_losses_train_in_bf16(model: str, loss: str, data: ImageDataModule, tmp_path: Path) -> None:
    trained = fit(composed(f"model={model}", f"loss={loss}", *small(model)), data, tmp_path, "bf16-mixed")
    assert all(parameter.isfinite().all() for parameter in trained.parameters())


EVERYTHING: Iterator[tuple[str, str]] = (
    (group, choice)
    for group in (
        "augment",
        "callbacks",
        "data",
        "loss",
        "metric",
        "metric/features",
        "model",
        "optimizer",
        "schedule",
        "trainer",
    )
    for choice in choices(group)
)


@pytest.mark.parametrize(("group", "choice"), list(EVERYTHING))
def test_every_choice_builds_and_says_what_it_is(group: str, choice: str) -> None:
    path = CONF / group / f"{choice}.yaml"
    if group not in ("callbacks", "trainer"):
        assert path.read_text().startswith("# "), "a choice opens with its source"
    key = group.replace("/", ".")
    if group == "trainer":
        return
    given = {"image_folder": ["data.path=x"], "custom": ["metric.features._target_=gan.metrics.mixture.Mixture"]}
    config: Any = composed(f"{group}={choice}", *given.get(choice, []))
    for part in key.split("."):
        config = config[part]
    if config is None:
        assert choice == "none"
    elif "_target_" in config:
        build(config)
    else:
        for node in config.values():
            build(node)


@pytest.mark.parametrize("experiment", choices("experiment"))
def test_experiments_run(experiment: str, tmp_path: Path) -> None:
    options = [f"experiment={experiment}", "debug=fast", f"hydra.run.dir={tmp_path}", "data.batch_size=8"]
    run = run_here("train.py", *options)
    assert run.status == 0, run.err
    assert (tmp_path / "results.json").is_file()


@pytest.mark.parametrize(
    ("options", "key", "value"),
    [
        (["loss=wgan"], "optimizer.generator._target_", "torch.optim.RMSprop"),
        (["loss=wgan", "optimizer=adam"], "optimizer.generator._target_", "torch.optim.Adam"),
        (["loss=wgan"], "loss.constraint.bound", 0.01),
        (["loss=wgan_gp"], "model.discriminator.norm", "layer"),
        (["loss=wgan_gp", "model.discriminator.norm=none"], "model.discriminator.norm", "none"),
        (["loss=wgan_gp"], "loss.critic_steps", 5),
        (["loss=non_saturating"], "model.discriminator.norm", "batch"),
        (["data=cifar10"], "metric.features._target_", "gan.metrics.inception.Inception"),
        (
            ["data=cifar10", "metric/features=classifier"],
            "metric.features._target_",
            "gan.metrics.classifier.Classifier",
        ),
        (["data=cifar10"], "model.generator.image_shape", [3, 32, 32]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and value and isinstance(value[0], str) else "",
)
def test_recipes_bring_their_settings_and_options_win(options: list[str], key: str, value: object) -> None:
    from omegaconf import OmegaConf

    assert OmegaConf.select(composed(*options), key) == value
