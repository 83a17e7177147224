"""Small games of every loss, regulariser and translator in conf/, for tests of resuming and of several ranks."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from hydra.utils import get_class
from omegaconf import DictConfig
from pytorch_lightning import Trainer
from torch import Tensor

from gan.instantiate import build
from gan.losses.part import LossPart
from gan.types import Terms
from tests.test_conf import LOSSES, MODELS, TRANSLATORS, choices, composed, data_of, fits, load, own_loss, translator_of

__all__ = ["FULL", "GAMES", "play", "state_of"]

QUICKEST = "mlp_gan"
SMALL = {"width": 8, "depth": 1, "layers": 1, "norm": "none", "gain": 10.0}
"""Options of networks: few layers, whose outputs vary; batch norm would depend on the number of ranks."""

SMALL_TRANSLATOR = {"width": 4, "blocks": 1, "units": 8, "bottleneck": 8, "norm": "none", "size": 6}
SMALL_TRANSLATOR |= {"input_dropout": 0.0}  # random layers differ between ranks
"""Options of networks with a condition, and of their pools, which fill up within two updates."""

AT_ONCE = {"every": 1, "start": 0}
"""Options with which lazy terms apply at each step, and terms that start late at the first."""


def parts_of(node: DictConfig) -> Iterator[type]:
    """Yield the classes of losses and regularisers below a node."""
    for key, value in node.items():
        if isinstance(value, DictConfig):
            yield from parts_of(value)
        elif key == "_target_" and issubclass(kind := get_class(value), LossPart):
            yield kind


def depends_on_the_batch(loss: str) -> bool:
    """Return whether a loss has a state, or couples the images of a batch."""
    return any(
        kind.couples_batch or kind.after_step is not LossPart.after_step for kind in parts_of(load("loss", loss))
    )


def options_of_regularizers() -> Iterator[str]:
    """Yield options that choose every regulariser of both players that needs no translator."""
    for group in ("loss/regularizers", "loss/generator_regularizers"):
        fitting = [choice for choice in choices(group) if choice != "none" and translator_of(choice, group) is None]
        yield f"{group}=[{','.join(fitting)}]"


def options_of_translator(model: str) -> list[str]:
    """Return options of a model with a condition, with every regulariser that needs it.

    A batch has two parts, unless its rows depend on each other, as wrong sentences do.
    """
    own = [choice for choice in choices("loss/generator_regularizers") if translator_of(choice) == model]
    regularizers = [f"loss/generator_regularizers=[{','.join(own)}]"] if own else []
    options = [] if "mismatched" in load("model", model) else ["model.accumulate=2"]
    return [f"model={model}", f"loss={own_loss(model)}", *regularizers, *options, "model.gradient_clip=1"]


GAMES = {
    **{loss: [f"model={next(m for m in (QUICKEST, *MODELS) if fits(m, loss))}", f"loss={loss}"] for loss in LOSSES},
    "regularizers": [f"model={QUICKEST}", "loss=non_saturating", *options_of_regularizers()],
    **{model: options_of_translator(model) for model in TRANSLATORS},
}
"""Options of a game per loss and per translator, and of one with every other regulariser."""

QUICK_TRANSLATORS = ("cyclegan", "cut")
FULL = [
    *(name for name in LOSSES if not depends_on_the_batch(name)),
    *(model for model in TRANSLATORS if model not in QUICK_TRANSLATORS),
]
"""Games that only the long tests play."""


@cache
def game(name: str) -> DictConfig:
    """Compose a game with small networks and with terms that apply at once."""
    config = composed(*GAMES[name], "data.batch_size=8", "optimizer=sgd")
    set_options(config.model, SMALL_TRANSLATOR if name in TRANSLATORS else SMALL)
    set_options(config.loss, AT_ONCE)
    set_options(config.optimizer, {"lr": 1e-3})
    return config


def set_options(node: DictConfig, values: dict[str, Any]) -> None:
    """Set options of some names wherever they are below a node."""
    for name in node:
        if str(name) in values:
            node[name] = values[str(name)]
        elif isinstance(node._get_node(name), DictConfig):
            set_options(node[name], values)


def play(name: str, steps: int, ckpt: Path | None = None, **settings: Any) -> tuple[Trainer, list[Terms]]:
    """Train from the start or from a checkpoint; return the trainer, and the terms and measures of each batch."""
    config, logs = game(name), list[Terms]()
    torch.manual_seed(0)
    model: Any = build(config.model)
    model.on_train_batch_end = lambda outputs, *_: logs.append(outputs)
    disabled = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    trainer = Trainer(accelerator="cpu", max_steps=steps, max_epochs=-1, **dict.fromkeys(disabled, False), **settings)
    trainer.fit(model, datamodule=data_of(config), ckpt_path=ckpt, weights_only=True)
    return trainer, logs


def state_of(trainer: Trainer) -> dict[str, Tensor]:
    """Return the weights and buffers of a trained model, those of its losses included."""
    return {name: value.clone() for name, value in trainer.lightning_module.state_dict().items()}
