"""``python -m gan.benchmark ranks``: the table, and the counted traffic."""

import json
from pathlib import Path

import pytest

from tests.conftest import run_here, run_python

SMALL = ["model.generator.width=8", "model.discriminator.width=8", "data=mnist5k"]


@pytest.mark.long
def test_throughput_and_traffic(tmp_path: Path) -> None:
    out = tmp_path / "benchmark.json"
    done = run_python("-m", "gan.benchmark", "ranks", *SMALL, "--rounds", "1", "--steps", "20", "--out", str(out))
    assert done.status == 0, done.err
    assert done.out.count("\n| ") == 4
    result = json.loads(out.read_text())
    assert all(len(speeds) == 1 and speeds[0] > 0 for speeds in result["images_per_second"].values())
    ours, lightning = result["exchanged_by_ours"], result["exchanged_by_lightning"]
    networks = sum(ours["bytes_of_parameters"].values())
    assert networks <= ours["bytes_a_step"] < 1.02 * networks, "each network once, and batch norm statistics"
    assert 2 <= ours["messages_a_step"] < 2.5
    assert lightning["bytes_a_step"] > 1.9 * networks


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ranks", "--rounds", "0"], "--rounds must be at least 1"),
        (["ranks", "--steps", "5"], "--steps at least 20"),
    ],
)
def test_bad_arguments(arguments: list[str], message: str) -> None:
    done = run_here("-m", "gan.benchmark", *arguments)
    assert done.status == 2
    assert message in done.err
