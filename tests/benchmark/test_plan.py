"""Plans of runs on many devices."""

import json
from pathlib import Path

import pytest

from gan.benchmark.plan import exchange_seconds, plan
from gan.errors import UserError
from tests.conftest import run_here

OPTIONS = ["model=dcgan", "loss=wgan_gp", "model.generator.width=8", "model.discriminator.width=8"]


def test_a_ring_sends_a_message_nearly_twice() -> None:
    assert exchange_seconds(1e9, 1, 10) == 0
    assert exchange_seconds(1e9, 2, 10) == pytest.approx(0.8)
    assert exchange_seconds(1e9, 64, 10) == pytest.approx(2 * 63 / 64 * 0.8)


def test_time_is_that_of_operations_and_messages() -> None:
    slow, fast, alone = (
        plan(OPTIONS, devices, 1000, teraflops, 1.0) for devices, teraflops in ((8, 0.1), (8, 0.2), (1, 0.1))
    )
    assert slow["seconds"] - slow["exchange"] == pytest.approx(2 * (fast["seconds"] - fast["exchange"]))
    assert alone["seconds"] == pytest.approx(8 * (slow["seconds"] - slow["exchange"])), "one device has no messages"
    assert slow["updates"] == 1000 / (64 * 5), "five updates of the critic, each with a batch"
    assert slow["days"] == pytest.approx(slow["updates"] * slow["seconds"] / 86_400)


def test_the_command_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    done = run_here("-m", "gan.benchmark", "plan", *OPTIONS, "--devices", "4", "--out", str(tmp_path / "plan.json"))
    assert done.status == 0, done.err
    assert "| images on a device | 16 |" in done.out
    assert "days" not in done.out, "without --teraflops no time is planned"
    assert json.loads((tmp_path / "plan.json").read_text())["devices"] == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["data.batch_size=60"], "data.batch_size=60 is no multiple of 8 devices"),
        (["data.batch_size=8"], "data.batch_size=8 is no multiple of 8 devices with two images or more"),
        (["model=cgan", "data=image_folder", "data.path=FOLDER"], "num_classes.*; a plan reads no data"),
        (["model=vae"], "VAE cannot be planned"),
        (["model=dfgan", "data.vocabulary_size=9", "data.length=4"], "DFGAN cannot be planned"),
    ],
)
def test_what_cannot_be_planned_is_told(options: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        plan(options, 8, 1000, None, 1.0)
