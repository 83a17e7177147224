"""Golden curves: each model, and each loss, in float32, keeps the terms of its first 20 generator updates.

``python -m tests.test_golden`` records them anew, for a change that is meant to change them.
"""

import json
from functools import cache
from itertools import product
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer

from gan.data.base import ImageDataModule
from gan.instantiate import build
from tests.test_conf import GAMES as LOSSES
from tests.test_conf import choices, composed, fits, own_loss, small

RECORD = Path(__file__).parent / "golden.json"
STEPS = 20
SHORT = {"infogan": 2}  # updates of a model whose batch norms of small activations magnify rounding
LR = 1e-4  # else rounding decides within 20 updates
USUAL = [(model, "non_saturating" if fits(model, "non_saturating") else own_loss(model)) for model in choices("model")]
GAMES = sorted({*product(["dcgan", "mlp_gan"], LOSSES), *USUAL})
Curves = dict[str, list[float]]
TOLERANCE = 0.04  # of a value: rounding grows as the players answer it


@cache
def data() -> ImageDataModule:
    module = build(composed("data.batch_size=16").data)
    assert isinstance(module, ImageDataModule)
    return module


def play(model: str, loss: str, *options: str) -> Curves:
    """Play, and return the terms and measures of each generator update's batch, by name."""
    torch.manual_seed(0)
    config = composed(f"model={model}", f"loss={loss}", *small(model), *options)
    for player in config.optimizer.values():
        player.lr = LR
    game = build(config.model)
    curves: Curves = {}

    def keep(outputs: Any, *_: Any) -> None:
        if any(name.startswith("g/") for name in outputs):
            for name, value in outputs.items():
                curves.setdefault(name, []).append(float(f"{value:.6g}"))

    game.on_train_batch_end = keep
    parts = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    silent = dict.fromkeys(parts, False)
    trainer = Trainer(
        accelerator="cpu", max_steps=SHORT.get(model, STEPS), max_epochs=-1, log_every_n_steps=1, **silent
    )
    data().images_seen = 0
    trainer.fit(game, datamodule=data())
    return curves


def compare(curves: Curves, recorded: Curves) -> None:
    assert set(recorded) <= set(curves)
    for name, values in recorded.items():
        if "accuracy" not in name:  # jumps where a logit lies at the boundary
            scale = max(map(abs, values))
            assert curves[name] == pytest.approx(values, rel=TOLERANCE, abs=TOLERANCE / 10 * scale + 1e-9), name


@pytest.mark.parametrize(("model", "loss"), GAMES)
def test_the_first_updates_are_those_recorded(model: str, loss: str) -> None:
    recorded = json.loads(RECORD.read_text())
    if f"{model}/{loss}" not in recorded:
        pytest.skip("nothing is recorded of it yet: python -m tests.test_golden")
    compare(play(model, loss), recorded[f"{model}/{loss}"])


@pytest.mark.parametrize("loss", ["non_saturating", "wgan_gp", "r3gan"])
def test_the_layout_in_memory_changes_nothing(loss: str) -> None:
    compare(play("dcgan", loss, "model.channels_last=false"), json.loads(RECORD.read_text())[f"dcgan/{loss}"])


@pytest.mark.long
@pytest.mark.skipif(which("g++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.parametrize("loss", ["non_saturating", "wgan_gp", "r3gan"])
@pytest.mark.parametrize("model", ["dcgan", "mlp_gan"])
def test_compiling_changes_nothing(model: str, loss: str) -> None:
    compare(play(model, loss, "model.compile=true"), json.loads(RECORD.read_text())[f"{model}/{loss}"])


if __name__ == "__main__":
    games = {f"{model}/{loss}": play(model, loss) for model, loss in GAMES}
    lines = ",\n".join(f'"{name}": {json.dumps(curves)}' for name, curves in games.items())
    RECORD.write_text(f"{{\n{lines}\n}}\n")
