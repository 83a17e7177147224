"""Every choice in conf/: models, losses and regularisers train in pairs, and every other choice builds.

The choices, the data of a model and the values that it lacks all come from conf/ itself, so that a new part is tested
without an edit here.
"""

import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import get_class
from omegaconf import DictConfig, OmegaConf
from PIL import Image
from pytorch_lightning import Trainer
from torch.testing import assert_close

from gan import help as choices_help
from gan.data.base import ImageDataModule, TensorImages
from gan.data.module import DataModule
from gan.errors import UserError
from gan.instantiate import build
from gan.losses.objective import Objective
from gan.models.trainable import Trainable
from gan.resolve import FOUND_IN_DATA
from gan.resolvers import register_resolvers
from gan.types import Batch, GeneratorInput
from tests.conftest import ROOT, run_here
from tests.passes import discriminate

CONF = ROOT / "conf"
EXAMPLES: dict[Any, Any] = {str: "example", int: 2, float: 0.5, bool: True}
"""Values for options that have no default, by the annotation of the argument."""
IN_SENTENCES = {"vocabulary": "a b", "vocabulary_size": 3, "length": 2, "attribute_sizes": []}
"""Values that are found in the sentences of files that only a user has."""


def choices(group: str) -> list[str]:
    return list(choices_help.choices(CONF, group))


def composed(*overrides: str) -> DictConfig:
    """Compose train.yaml, and fill in the options that have no default."""
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", ["name=test", "run_dir=nowhere", *overrides])
    OmegaConf.set_struct(config, False)
    for key in sorted(missing(OmegaConf.to_container(config)), key=lambda key: not key.endswith("_target_")):
        OmegaConf.update(config, key, example(config, key))
    if config.data.get("num_classes", 1) is None:  # the number that a folder without classes has
        config.data.num_classes = 1
    if EXAMPLES[str] == config.data.get("path") and "vocabulary" in config.data:
        config.data.update(IN_SENTENCES)
    find_options(config)
    return config


def find_options(config: DictConfig) -> None:
    """Set the options of the data that are null, and found in its files."""
    if nulls := [name for name in FOUND_IN_DATA if config.data.get(name, 1) is None]:
        found = build(OmegaConf.create({"data": OmegaConf.to_container(config.data, resolve=True)}).data)
        config.data.update({name: getattr(found, name) for name in nulls})


def missing(node: Any, prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys of options without default, whether or not interpolations resolve."""
    for name, value in node.items() if isinstance(node, dict) else ():
        if value == "???":
            yield f"{prefix}{name}"
        yield from missing(value, f"{prefix}{name}.")


def example(config: DictConfig, key: str) -> Any:
    """Return a value for an option without default: a sibling's ``_target_``, or a value of the argument's type."""
    node, _, name = key.rpartition(".")
    if name == "_target_":
        siblings = (
            OmegaConf.load(path).get("_target_", "???") for path in (CONF / node.replace(".", "/")).glob("*.yaml")
        )
        return next(target for target in sorted(siblings) if target != "???")
    owner = get_class(OmegaConf.select(config, f"{node}._target_"))
    hints = [get_type_hints(vars(base)["__init__"]) for base in owner.__mro__ if "__init__" in vars(base)]
    return EXAMPLES[next(hint[name] for hint in hints if name in hint)]


def own_loss(model: str) -> str:
    """Return the loss that a model's configuration chooses, or the default one."""
    defaults: Any = OmegaConf.load(CONF / "model" / f"{model}.yaml").get("defaults", [])
    chosen = [line for line in defaults if isinstance(line, DictConfig) and "override /loss@_global_.loss" in line]
    return chosen[0]["override /loss@_global_.loss"] if chosen else "non_saturating"


@cache
def load(group: str, choice: str) -> DictConfig:
    """Load a choice's file on top of those that it extends, which are in its folder or below."""
    config = OmegaConf.load(CONF / group / f"{choice}.yaml")
    assert isinstance(config, DictConfig)
    extended = [line for line in config.pop("defaults", []) if isinstance(line, str) and line != "_self_"]
    merged = OmegaConf.merge(
        *(load(str(Path(group, line).parent), Path(line.partition("@")[0]).name) for line in extended), config
    )
    assert isinstance(merged, DictConfig)
    return merged


def adversarial(loss: str) -> bool:
    return issubclass(get_class(load("loss", loss)._target_), Objective)


def energy_based(part: DictConfig) -> bool:
    """Return whether a loss needs, or a discriminator returns, energies."""
    return getattr(get_class(part._target_), "energy_based", False)


@cache
def fits(model: str, loss: str) -> bool:
    """Return whether a model must accept a loss.

    A GAN must accept every adversarial loss, except those of energies without a discriminator that returns them; any
    other model its own.
    """
    if loss == own_loss(model):
        return True
    if not (adversarial(loss) and adversarial(own_loss(model))):
        return False
    energies = energy_based(load("loss", loss).adversarial)
    return not energies or energy_based(load("model", model).discriminator)


def usual_model(loss: str) -> str:
    """Return the model that a loss is tested with."""
    return next(model for model in ("dcgan", *MODELS) if fits(model, loss))


def model_in_command(group: str, choice: str) -> str | None:
    """Return the model that the command in a choice's file names."""
    named = re.search(r"model=(\w+)", choices_help.head_comment(CONF / group / f"{choice}.yaml"))
    return None if named is None else named.group(1)


def translator_of(regularizer: str, group: str = "loss/generator_regularizers") -> str | None:
    """Return the model of images to images that a regulariser needs, as its file's command has it."""
    model = model_in_command(group, regularizer)
    return model if model in TRANSLATORS else None


MODELS, LOSSES, REGULARIZERS = choices("model"), choices("loss"), choices("loss/regularizers")
TRANSLATORS = [model for model in MODELS if get_class(load("model", model)._target_).uses_condition]
ADVERSARIAL = [loss for loss in LOSSES if adversarial(loss)]


@cache
def small(model: str) -> tuple[str, ...]:
    """Return options that make a model small; one that grows starts at its final size, so that all layers train."""
    keys = composed(f"model={model}").model
    networks = ("generator", "generator.network", "generator.a_to_b", "discriminator")
    found = {name: OmegaConf.select(keys, name) or {} for name in networks}
    widths = [f"model.{name}.width=8" for name, network in found.items() if "width" in network]
    blocks = [f"model.{name}.blocks=1" for name, network in found.items() if network.get("blocks", 1) is None]
    grows = "start_size" in found["generator"]
    phases = ["model.phases=[]"] if keys.get("phases") else []  # the game alone
    return (*widths, *blocks, *phases, *(["model.generator.start_size=${data.image_size}"] if grows else []))


@cache
def data_module(node: str) -> DataModule:
    config = OmegaConf.create({"data": OmegaConf.create(node)})
    module = build(config.data)
    assert isinstance(module, DataModule)
    if EXAMPLES[str] in config.data.values():  # files that only a user has
        assert isinstance(module, ImageDataModule)
        vars(module).update(load=lambda _: random_pairs(module), load_enlarged=lambda _: None)
    return module


def random_pairs(module: ImageDataModule) -> TensorImages:
    """Return random images of a module's shape, each with a condition of the same shape."""
    generator = torch.Generator().manual_seed(0)
    images, condition = torch.randint(256, (2, 64, *module.image_shape), generator=generator, dtype=torch.uint8)
    return TensorImages(images, torch.arange(64) % module.num_classes, condition)


def data_of(config: DictConfig) -> DataModule:
    """Return the data module of a configuration, built once per process, at its first image."""
    data = data_module(OmegaConf.to_yaml(config.data, resolve=True))
    data.images_seen = 0
    return data


def fit(
    config: DictConfig,
    folder: Path,
    precision: Any = "32-true",
    max_steps: int = 2,
    each: Callable[[dict[str, torch.Tensor]], object] = len,
) -> Trainable:
    """Train a model, and call ``each`` with the terms of each batch."""
    model = build(config.model)
    terms: list[dict[str, torch.Tensor]] = []

    def record(outputs: dict[str, torch.Tensor], *_: object) -> None:
        terms.append(outputs)
        each(outputs)

    model.on_train_batch_end = record
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
    trainer.fit(model, datamodule=data_of(config))
    assert trainer.global_step == max_steps
    assert all(value.isfinite() for step in terms for value in step.values()), terms
    return model


def check_trained(config: DictConfig, trained: Trainable) -> None:
    """Check that every weight has a gradient, and that the state rebuilds the same samples, of a class too."""
    for name, parameter in trained.named_parameters():
        if parameter.requires_grad:  # those of averages have none
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
    twin = build(config.model)
    twin.load_state_dict(trained.state_dict())
    requests = data_of(config).requests
    assert torch.equal(twin.sample(3, requests=requests), trained.sample(3, requests=requests))
    (batch,) = trained.iterate_samples(range(4), classes=[trained.num_classes - 1], requests=requests)
    assert batch.labels.tolist() == 4 * [trained.num_classes - 1]
    assert batch.images.isfinite().all()


def covering(sets: list[str], others: list[str], number: int) -> list[tuple[str, str]]:
    """Pair each entry of a list with some of another, so that those are used about equally often."""
    return [(one, others[(number * i + k) % len(others)]) for i, one in enumerate(sets) for k in range(number)]


QUICK_PAIRS = {*((model, own_loss(model)) for model in MODELS), *covering(MODELS, LOSSES, 3)}


@pytest.mark.parametrize(
    ("model", "loss"),
    [pytest.param(*pair, marks=[] if pair in QUICK_PAIRS else pytest.mark.long) for pair in product(MODELS, LOSSES)],
)
def test_each_model_trains_with_each_loss(model: str, loss: str, tmp_path: Path) -> None:
    config = composed(f"model={model}", f"loss={loss}", "data.batch_size=8", *small(model))
    if fits(model, loss):
        check_trained(config, fit(config, tmp_path))
    else:
        with pytest.raises(UserError, match=r"loss|objective\.generator_regularizers"):
            build(config.model)


WITH_THREE_LOSSES = covering(REGULARIZERS, ADVERSARIAL, 3)


def check_regularizer(model: str, loss: str, regularizer: str, folder: Path) -> None:
    options = [f"model={model}", f"loss={loss}", f"loss/regularizers=[{regularizer}]", "data.batch_size=8"]
    config = composed(*options, *small(model))
    augments = "augment" in load("loss/regularizers", regularizer).get(regularizer, {})
    if augments and not issubclass(get_class(config.data._target_), ImageDataModule):
        with pytest.raises(UserError, match=r"do not fit: .*data\.image_size"):
            build(config.model)
        return
    check_trained(config, fit(config, folder))


@pytest.mark.parametrize(("regularizer", "loss"), WITH_THREE_LOSSES)
def test_each_regularizer_trains_with_three_losses(regularizer: str, loss: str, tmp_path: Path) -> None:
    check_regularizer(usual_model(loss), loss, regularizer, tmp_path)


@pytest.mark.parametrize("regularizer", [name for name in choices("loss/generator_regularizers") if name != "none"])
def test_each_generator_regularizer_trains(regularizer: str, tmp_path: Path) -> None:
    model = translator_of(regularizer) or "dcgan"
    options = [f"model={model}", f"loss/generator_regularizers=[{regularizer}]", "data.batch_size=8"]
    config = composed(*options, *small(model))
    check_trained(config, fit(config, tmp_path))


FULL = [triple for triple in product(MODELS, ADVERSARIAL, REGULARIZERS) if fits(*triple[:2])]


@pytest.mark.long
@pytest.mark.parametrize(("model", "loss", "regularizer"), random.Random(0).sample(FULL, min(60, len(FULL))))
def test_a_sample_of_models_losses_and_regularizers(model: str, loss: str, regularizer: str, tmp_path: Path) -> None:
    check_regularizer(model, loss, regularizer, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize(
    ("regularizer", "loss"), [pair for pair in product(REGULARIZERS, ADVERSARIAL) if pair not in WITH_THREE_LOSSES]
)
def test_each_regularizer_trains_with_the_other_losses(regularizer: str, loss: str, tmp_path: Path) -> None:
    check_regularizer(usual_model(loss), loss, regularizer, tmp_path)


AUGMENTATIONS = [choice for choice in choices("augment") if choice != "none"]


@pytest.mark.parametrize(("augment", "loss"), [*product(AUGMENTATIONS, ["non_saturating", "wgan_gp"])])
def test_each_augmentation_trains(augment: str, loss: str, tmp_path: Path) -> None:
    options = ["model=dcgan", f"loss={loss}", f"augment={augment}", "data.batch_size=8"]
    config = composed(*options, *small("dcgan"))
    check_trained(config, fit(config, tmp_path, "bf16-mixed"))


IN_BF16 = sorted(
    {
        *((m, "wgan_gp" if fits(m, "wgan_gp") else own_loss(m)) for m in MODELS),
        *((usual_model(loss), loss) for loss in ADVERSARIAL),
    }
)


@pytest.mark.parametrize(("model", "loss"), sorted(IN_BF16))
def test_each_model_and_each_loss_trains_in_bf16(model: str, loss: str, tmp_path: Path) -> None:
    config = composed(f"model={model}", f"loss={loss}", "data.batch_size=8", *small(model))
    trained = fit(config, tmp_path, "bf16-mixed")
    assert all(parameter.isfinite().all() for parameter in trained.parameters())


JOINT = sorted(
    {
        *((model, "non_saturating") for model in MODELS if fits(model, "non_saturating")),
        *((usual_model(loss), loss) for loss in ADVERSARIAL),
    }
)


@pytest.mark.parametrize(("model", "loss"), JOINT)
def test_real_and_fake_share_a_pass_only_if_outputs_stay_the_same(model: str, loss: str) -> None:
    config = composed(f"model={model}", f"loss={loss}", *small(model))
    game = build(config.model)
    images, fake = torch.rand(2, 4, *data_of(config).output_shape) * 2 - 1
    source = data_of(config).requests(range(4)).condition if game.uses_condition else None
    batch, passes = Batch(images, torch.arange(4), source), list[int]()
    game.discriminator.register_forward_hook(lambda *_: passes.append(len(passes)))
    together = discriminate(game, batch, GeneratorInput(None), fake)
    independent = getattr(game.discriminator, "batch_independent", False)
    assert len(passes) == (1 if independent and game.objective.adversarial.labelled else 2)
    if independent:
        game.discriminator.batch_independent = False
        apart = discriminate(game, batch, GeneratorInput(None), fake)
        assert_close((together.real_output, together.fake_output), (apart.real_output, apart.fake_output))


def groups() -> list[str]:
    """List the groups of conf/ whose choices are built from train.yaml."""
    names = choices_help.groups(CONF)
    return [name for name in names if name.split("/")[0] not in ("debug", "experiment", "hydra", "logger", "trainer")]


@pytest.mark.parametrize(("group", "choice"), [(group, choice) for group in groups() for choice in choices(group)])
def test_each_choice_builds(group: str, choice: str) -> None:
    several = group == "loss/regularizers"
    config: Any = composed(f"{group}=[{choice}]" if several else f"{group}={choice}")
    node = OmegaConf.select(config, group.replace("/", "."))
    if node is None:
        assert choice == "none"
    elif "_target_" in node:
        build(node)
    else:
        for part in node.values():
            build(part)


@pytest.mark.parametrize("group", groups())
def test_each_choice_starts_with_a_comment(group: str) -> None:
    assert all((CONF / group / f"{choice}.yaml").read_text().startswith("# ") for choice in choices(group))


def is_long(experiment: str) -> bool:
    """Return whether a recipe is of the course, extends another, or needs files that only a user has."""
    if experiment.startswith("course/"):
        return True
    defaults: Any = OmegaConf.load(CONF / "experiment" / f"{experiment}.yaml").get("defaults", [])
    extends = any(isinstance(line, str) and line != "_self_" for line in defaults)
    data = [line["override /data"] for line in defaults if isinstance(line, DictConfig) and "override /data" in line]
    return extends or any(any(missing(OmegaConf.to_container(load("data", choice)))) for choice in data)


def write_photos(folder: Path) -> Path:
    """Write random images in the place of a user's, each of which is two side by side."""
    for split, number in (("train", 32), ("test", 8)):
        (folder / split).mkdir(parents=True)
        for image in range(number):
            photo = Image.merge("RGB", [Image.effect_noise((128, 64), 64) for _ in "RGB"])
            photo.save(folder / split / f"{image}.png")
    return folder


EXPERIMENTS = [
    pytest.param(experiment, marks=pytest.mark.long if is_long(experiment) else [])
    for experiment in choices("experiment")
]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_each_experiment_runs(experiment: str, tmp_path: Path) -> None:
    options = [f"experiment={experiment}", "debug=fast", f"hydra.run.dir={tmp_path}", "data.batch_size=8"]
    options += ["evaluate.every_n_steps=2", "metric.num_samples=32", "callbacks.neighbors=null"]
    data = composed(f"experiment={experiment}").data
    if data.get("path") == EXAMPLES[str]:
        options += [f"data.path={write_photos(tmp_path / 'photos')}", "metric/features=efficientnet_lite0"]
    if data.get("rows"):
        options.append("data.rows=64")
    if data.get("source_path") == EXAMPLES[str]:
        options += [f"data.{side}_path={write_text(tmp_path / f'{side}.txt')}" for side in ("source", "target")]
        options += ["data.dictionary_path=same"]
    if data.get("download"):  # tests use no network
        options += ["data=mnist5k", "model.generator.width=8", "model.discriminator.width=8"]
    run = run_here("train.py", *options)
    assert run.status == 0, run.err
    assert (tmp_path / "results.json").is_file()


def write_text(path: Path) -> Path:
    """Write sentences of which 60 words or more can be embedded."""
    words, random_words = [f"{a}{b}" for a in "abcdefgh" for b in "ijklmnop"], random.Random(0)
    path.write_text("".join(" ".join(random_words.sample(words, 8)) + "\n" for _ in range(200)))
    return path


PARTS = [group for group in choices_help.groups(CONF) if group.startswith("experiment/")]


@pytest.mark.parametrize(("group", "part"), [(group, part) for group in PARTS for part in choices(group)])
def test_each_part_of_a_recipe_builds(group: str, part: str) -> None:
    config = composed(f"experiment={group.removeprefix('experiment/')}", f"{group}={part}")
    build(config.model)
    build(config.data)


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
def test_recipes_set_options_and_the_command_line_overrides_them(options: list[str], key: str, value: object) -> None:
    assert OmegaConf.select(composed(*options), key) == value
