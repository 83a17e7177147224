"""Every choice in conf/: all combinations of model, loss and regulariser train two steps, and all else builds."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning import Trainer
from torch.testing import assert_close

from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.instantiate import build
from gan.keyed_random import KeyedRandom
from gan.losses.objective import Objective
from gan.models.trainable import Trainable
from gan.runs import resolver
from gan.types import Batch
from tests.conftest import ROOT, run_here

CONF = ROOT / "conf"


def choices(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def composed(*overrides: str) -> DictConfig:
    resolver.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("train", ["name=test", "run_dir=nowhere", *overrides])


def own_loss(model: str) -> str:
    """Return the loss that a model brings, or the usual one."""
    defaults: Any = OmegaConf.load(CONF / "model" / f"{model}.yaml").get("defaults", [])
    chosen = [line for line in defaults if isinstance(line, DictConfig) and "override /loss@_global_.loss" in line]
    return chosen[0]["override /loss@_global_.loss"] if chosen else "non_saturating"


def adversarial(loss: str) -> bool:
    target = OmegaConf.load(CONF / "loss" / f"{loss}.yaml").get("_target_")
    return issubclass(get_class(target or "gan.losses.objective.Objective"), Objective)


def fits(model: str, loss: str) -> bool:
    """Tell whether a model must take a loss: a game all those of games, any other model its own."""
    return loss == own_loss(model) or (adversarial(loss) and adversarial(own_loss(model)))


GAMES = [loss for loss in choices("loss") if adversarial(loss)]


@pytest.fixture(scope="module")
def data() -> ImageDataModule:
    module = build(composed("data.batch_size=8").data)
    assert isinstance(module, ImageDataModule)
    return module


def small(model: str) -> list[str]:
    """Options that make a model small, whatever it is called; one that grows is grown, so that all layers play."""
    keys = composed(f"model={model}").model
    small = [f"model.{player}.width=8" for player in ("generator", "discriminator") if "width" in keys.get(player, {})]
    grows = "start_size" in keys.get("generator", {})
    return [*small, "model.generator.start_size=${data.image_size}"] if grows else small


def fit(
    config: DictConfig, data: ImageDataModule, folder: Path, precision: Any = "32-true", max_steps: int = 2
) -> Trainable:
    model = build(config.model)
    terms: list[dict[str, torch.Tensor]] = []
    model.on_train_batch_end = lambda outputs, *_: terms.append(outputs)
    trainer = Trainer(
        accelerator="cpu",
        precision=precision,
        max_steps=max_steps,
        max_epochs=-1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    trainer.fit(model, datamodule=data)
    assert trainer.global_step == max_steps
    assert all(value.isfinite() for step in terms for value in step.values()), terms
    return model


def check_trained(config: DictConfig, trained: Trainable) -> None:
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
    if fits(model, loss):
        check_trained(config, fit(config, data, tmp_path))
    else:
        with pytest.raises(UserError, match="loss"):
            build(config.model)


PLAYED = [(model, loss) for model in choices("model") for loss in GAMES if fits(model, loss)]


@pytest.mark.parametrize(("model", "loss"), PLAYED)
def test_real_and_fake_are_judged_in_one_pass_where_that_changes_nothing(model: str, loss: str) -> None:
    config = composed(f"model={model}", f"loss={loss}", *small(model))
    game = build(config.model)
    images, fake = torch.rand(2, 4, config.data.channels, config.data.image_size, config.data.image_size) * 2 - 1
    batch, passes = Batch(images, torch.arange(4)), list[int]()
    game.discriminator.register_forward_hook(lambda *_: passes.append(len(passes)))
    together = game.discriminate(batch, fake, KeyedRandom(0, total=4))
    independent = getattr(game.discriminator, "batch_independent", False)
    assert len(passes) == (1 if independent and game.objective.adversarial.labelled else 2)
    if independent:
        game.discriminator.batch_independent = False
        apart = game.discriminate(batch, fake, KeyedRandom(0, total=4))
        assert_close((together.real_output, together.fake_output), (apart.real_output, apart.fake_output))


@pytest.mark.parametrize("regularizers", choices("loss/regularizers"))
@pytest.mark.parametrize("loss", GAMES)
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


IN_HALF = [(model, "wgan_gp" if fits(model, "wgan_gp") else own_loss(model)) for model in choices("model")]
IN_HALF += [("dcgan", loss) for loss in GAMES]


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
    given = {"image_folder": ["data.path=x"], "custom": ["metric.features._target_=gan.features.mixture.Mixture"]}
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
    if composed(f"experiment={experiment}").data.get("download"):  # no test needs a network
        options += ["data=mnist5k", "model.generator.width=8", "model.discriminator.width=8"]
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
        (["data=cifar10"], "metric.features._target_", "gan.features.inception.Inception"),
        (
            ["data=cifar10", "metric/features=classifier"],
            "metric.features._target_",
            "gan.features.classifier.Classifier",
        ),
        (["data=cifar10"], "model.generator.image_shape", [3, 32, 32]),
        (["model=vae"], "loss._target_", "gan.losses.elbo.ELBO"),
        (["model=vae"], "optimizer.generator.lr", 1e-3),
        (["model=vae", "optimizer=adam"], "optimizer.generator.lr", 2e-4),
        (["model=vae", "loss=hinge"], "loss.adversarial._target_", "gan.losses.adversarial.Hinge"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and value and isinstance(value[0], str) else "",
)
def test_recipes_bring_their_settings_and_options_win(options: list[str], key: str, value: object) -> None:
    assert OmegaConf.select(composed(*options), key) == value
