"""``python -m gan.benchmark CASE``: the table, the JSON file, and errors."""

import json
from pathlib import Path

import pytest

from tests.conftest import run_here, run_python

SMALL = ["model.generator.width=8", "model.discriminator.width=8"]
CASES = {
    "updates": [*SMALL, "--only", "mlp_gan/wgan_gp/64", "--rounds", "2", "--seconds", "0.5"],
    "start": ["model=mlp_gan", "--rounds", "1"],
    "files": [*SMALL, "data.image_size=16", "--rounds", "1", "--images", "1000"],
    "sample": [*SMALL, "--rounds", "1"],
    "evaluate": ["--rounds", "1"],
    "scale": [*SMALL, "data=mnist5k", "--rounds", "1", "--steps", "20"],
}


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_a_case_prints_a_table_and_writes_json(case: str, tmp_path: Path) -> None:
    out = tmp_path / "benchmark.json"
    done = run_python("-m", "gan.benchmark", case, *CASES[case], "--out", str(out))
    assert done.status == 0, done.err
    assert "| --- |" in done.out
    result = json.loads(out.read_text())
    assert result["case"] == case
    assert {"date", "machine", "versions", "options"} <= set(result)
    if case == "updates":
        (measurements,) = result["cases"].values()
        assert {len(times) for times in measurements["seconds_an_update"].values()} == {2}
        assert 0.3 < measurements["peak_memory_mb"]["ours"] / measurements["peak_memory_mb"]["bare"] < 1.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["updates", "--only", "stylegan/*"], "--only stylegan/*: the cases are mlp_gan/non_saturating/64"),
        (["updates", "--rounds", "0"], "--rounds must be at least 1"),
        (["scale", "--steps", "5"], "--steps at least 20"),
        (["updates", "--seconds", "0"], "--seconds must be positive"),
        (["files", "--images", "5"], "--images must be at least 1,000"),
        (["speed"], "invalid choice: 'speed'"),
    ],
)
def test_bad_arguments(arguments: list[str], message: str) -> None:
    done = run_here("-m", "gan.benchmark", *arguments)
    assert done.status == 2
    assert message in done.err
