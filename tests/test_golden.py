"""Golden curves: terms of the first 20 generator updates of each model and of each loss, in float32.

``python -m tests.test_golden`` records them again, after a change that is intended to alter them.
"""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer

from gan.instantiate import build
from tests.test_conf import ADVERSARIAL as LOSSES
from tests.test_conf import choices, composed, data_of, fits, own_loss, small

RECORD = Path(__file__).parent / "golden.json"
STEPS = 20
SHORT = {
    "infogan": 2,
    "cut": 5,
    "dfgan": 5,
    "gan_cls": 5,
}  # updates: these amplify rounding errors, which differ between processors
LR = 1e-4  # at higher rates, rounding errors dominate within 20 updates
DEFAULT = [(model, own_loss(model)) for model in choices("model")]
COMBINATIONS = sorted({*(pair for pair in product(["dcgan", "mlp_gan"], LOSSES) if fits(*pair)), *DEFAULT})
Curves = dict[str, list[float]]
TOLERANCE = 0.04  # relative: the players amplify rounding errors


def train(model: str, loss: str, *options: str, **settings: Any) -> Curves:
    """Train, and return the terms and measures of each batch with a generator update, by name.

    Args:
        model: Choice of the model.
        loss: Choice of its loss.
        *options: Further options.
        **settings: Further arguments of Lightning's Trainer, such as another accelerator than the CPU.
    """
    torch.manual_seed(0)
    config = composed(f"model={model}", f"loss={loss}", "data.batch_size=16", *small(model), *options)
    for player in config.optimizer.values():
        player.lr = LR
    gan = build(config.model)
    curves: Curves = {}

    def record(outputs: Any, *_: Any) -> None:
        if any(name.startswith("g/") for name in outputs):
            for name, value in outputs.items():
                curves.setdefault(name, []).append(float(f"{float(value):.6g}"))

    gan.on_train_batch_end = record
    disabled = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    usual = {"accelerator": "cpu", "max_steps": SHORT.get(model, STEPS), "max_epochs": -1, "log_every_n_steps": 1}
    trainer = Trainer(**usual | dict.fromkeys(disabled, False) | settings)
    trainer.fit(gan, datamodule=data_of(config))
    return curves


def compare(curves: Curves, recorded: Curves) -> None:
    assert set(recorded) <= set(curves)
    for name, values in recorded.items():
        if "accuracy" not in name:  # discontinuous at the boundary
            scale = max(map(abs, values))
            assert curves[name] == pytest.approx(values, rel=TOLERANCE, abs=TOLERANCE / 10 * scale + 1e-9), name


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Compute on one thread, as the record was: sums on several round differently, which CUT amplifies."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(("model", "loss"), COMBINATIONS)
def test_first_updates_match_the_record(model: str, loss: str) -> None:
    recorded = json.loads(RECORD.read_text())
    if f"{model}/{loss}" not in recorded:
        pytest.skip("not recorded yet: python -m tests.test_golden")
    compare(train(model, loss), recorded[f"{model}/{loss}"])


@pytest.mark.parametrize("loss", ["non_saturating", "wgan_gp", "r3gan"])
def test_the_memory_format_does_not_matter(loss: str) -> None:
    compare(train("dcgan", loss, "model.channels_last=false"), json.loads(RECORD.read_text())[f"dcgan/{loss}"])


@pytest.mark.long
@pytest.mark.skipif(which("g++") is None, reason="torch.compile needs a C++ compiler")
@pytest.mark.parametrize("loss", ["non_saturating", "wgan_gp", "r3gan"])
@pytest.mark.parametrize("model", ["dcgan", "mlp_gan"])
def test_compiling_does_not_matter(model: str, loss: str) -> None:
    compare(train(model, loss, "model.compile=true"), json.loads(RECORD.read_text())[f"{model}/{loss}"])


if __name__ == "__main__":
    recorded = {f"{model}/{loss}": train(model, loss) for model, loss in COMBINATIONS}
    lines = ",\n".join(f'"{name}": {json.dumps(curves)}' for name, curves in recorded.items())
    RECORD.write_text(f"{{\n{lines}\n}}\n")
