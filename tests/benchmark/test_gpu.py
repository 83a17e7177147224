"""``python -m gan.benchmark gpu``: a trial run on the CPU, sharing of the time, failures, and the page."""

import json
import os
from functools import partial
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gan.benchmark import gpu as module
from gan.benchmark import gpu_report, updates
from gan.benchmark.checks import Check
from gan.benchmark.gpu import NOT_TRIED, gpu, measure
from gan.benchmark.gpu_cases import NEEDS_GPU, Case, gpu_cases
from gan.benchmark.gpu_report import GPUReport, Measurement
from gan.config import compose_config
from gan.errors import UserError
from tests.conftest import run_here, run_python


@pytest.mark.long
def test_a_trial_run_does_everything(tmp_path: Path) -> None:
    """All checks and cases run on the CPU, so that their code is tested before a GPU runs it."""
    done = run_python("-m", "gan.benchmark", "gpu", "--dry", "--minutes", "30", "--out", str(tmp_path), fresh=True)
    assert done.status == 0, done.err + done.out
    result = json.loads((tmp_path / "gpu.json").read_text())
    outcomes = [check["outcome"] for check in result["checks"]]
    assert set(outcomes) == {"passed", "skipped"}
    assert outcomes.count("passed") > 12
    assert set(result["left_out"].values()) == {NOT_TRIED}
    assert set(result["cases"]) == {case.name for case in gpu_cases([], dry=True) if case.tried}
    for measured in result["cases"].values():
        assert measured["reference"] in measured["seconds"]
        assert all(len(seconds) == 2 for seconds in measured["seconds"].values())
    page = (tmp_path / "gpu.md").read_text()
    assert page in done.out
    assert "Trial run on the CPU" in page
    assert f"bare, CUDA graph: {NEEDS_GPU}" in page


@pytest.mark.long
def test_the_options_of_each_case_fit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of a real run, which a trial run replaces by small ones."""
    monkeypatch.setattr(updates, "write_pngs", lambda *_: None)
    monkeypatch.setattr(updates, "write_pairs", lambda *_: None)
    for case in gpu_cases([], dry=False):
        for loop in case.prepare(tmp_path).values():
            while isinstance(loop.args[0], partial):  # of compiled networks
                loop = loop.args[0]
            config = compose_config("train", [*loop.args[0], "run_dir=."])
            assert config.trainer.accelerator == "gpu"
            assert config.data.batch_size == case.images or case.images == 10_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "there is no GPU that PyTorch can use here: --dry tries the command out on the CPU"),
        (["--dry", "--only", "nothing"], "--only nothing: the names are checks, dcgan-32/non_saturating/64, "),
        (["--dry", "--minutes", "0"], "--minutes must be positive"),
    ],
)
def test_bad_arguments(arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    done = run_here("-m", "gan.benchmark", "gpu", *arguments, CUDA_VISIBLE_DEVICES="")
    assert done.status == 2
    assert message in done.err


class Times:
    """Stand-in for the workers, whose implementations take the seconds of their names, and may fail."""

    peak_memory: dict[str, float]

    def __init__(self, loops: dict[str, Any], *_: object) -> None:
        self.peak_memory = dict.fromkeys(loops, 1.0)

    def __enter__(self) -> "Times":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def request(self, name: str, num: int) -> None:
        pass

    def wait(self, name: str) -> float:
        if name == "broken":
            raise UserError("a test")
        return float(name)

    def time_updates(self, name: str, num: int) -> float:
        return self.wait(name)


def case(*names: str, reference: str = "0.1") -> Case:
    return Case("case", 8, lambda _: dict.fromkeys(names, print), reference)


def test_rounds_fill_the_share_of_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round of five units and of two takes 5 * 0.1 + 2 * 0.3 seconds."""
    monkeypatch.setattr(module, "Workers", Times)
    for share, rounds in ((0.0, 1), (3.5, 3), (1e6, module.MAX_ROUNDS)):
        now = monotonic()
        found = measure(case("0.1", "0.3"), now + share, now + 1e9, dry=False)
        assert {name: len(seconds) for name, seconds in found.seconds.items()} == {"0.1": rounds, "0.3": rounds}


def test_an_implementation_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Workers", Times)
    found = measure(case("0.1", "broken"), 0.0, 1e9, dry=True)
    assert found.absent == {"broken": "failed: a test"}
    assert set(found.seconds) == {"0.1"}
    assert not measure(case("broken"), 0.0, 1e9, dry=True).seconds


@pytest.fixture
def _nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [Case(name, 8, lambda _: {}, "bare") for name in ("quick", "slow", "wrong")]

    def measured(case: Case, *_: object) -> Measurement:
        match case.name:
            case "slow":
                raise TimeoutError("'ours' was not ready in time")
            case "wrong":
                raise UserError("no such data")
        return Measurement(8, "bare", {"bare": [0.5, 0.25], "ours": [0.25, 0.25]}, {"bare": 10.0, "ours": 20.0})

    monkeypatch.setattr(module, "gpu_cases", lambda *_: cases)
    monkeypatch.setattr(module, "measure", measured)
    monkeypatch.setattr(module, "run_checks", lambda *_: [Check("games: a game", "passed", 1.0)])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", os.environ.get("CUDA_VISIBLE_DEVICES", ""))


@pytest.mark.usefixtures("_nothing_to_do")
def test_failures_end_nothing_but_set_the_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu([], 1.0, tmp_path / "good", dry=True, only="[cqs]*") == 0
    page = (tmp_path / "good" / "gpu.md").read_text()
    assert "| quick | ours | 250.00 | 32 (32 to 32) | 1.50 (1.00 to 2.00) | 20 |" in page
    assert "- slow: no time was left: 'ours' was not ready in time" in page
    assert gpu([], 1.0, tmp_path, dry=True, only="*") == 1
    assert "Failed: wrong, all" in capsys.readouterr().out
    assert "- wrong, all: failed: no such data" in (tmp_path / "gpu.md").read_text()


@pytest.mark.usefixtures("_nothing_to_do")
def test_cases_without_time_are_listed(tmp_path: Path) -> None:
    assert gpu([], 0.1, tmp_path, dry=True, only="*") == 0
    result = json.loads((tmp_path / "gpu.json").read_text())
    assert result["left_out"] == dict.fromkeys(("quick", "slow", "wrong"), "no time was left")
    assert result["checks"][0]["outcome"] == "passed"


def test_the_page_joins_skipped_checks_and_shows_failed_ones_first(tmp_path: Path) -> None:
    found = [Check(f"games: a game [{name}]", "skipped", 0.0, "--dry") for name in "ab"]
    found += [Check("ranks: two", "passed", 2.0, measured={"error": "0.1"}), Check("z: last", "failed", 1.0, "a | b")]
    report = GPUReport(tmp_path, [], dry=True, checks=found)
    report.save()
    page = (tmp_path / "gpu.md").read_text()
    assert "1 passed, 1 failed, 2 skipped." in page
    rows = [
        "z: last | failed | 1.0 | a / b",
        "ranks: two | passed | 2.0 | error 0.1",
        "games: a game | skipped |  | --dry: a, b",
    ]
    assert [page.index(f"| {row} |") for row in rows] == sorted(page.index(row) - 2 for row in rows)
    assert report.failures == ["z: last"]


def test_the_device_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    properties = SimpleNamespace(name="NVIDIA H200", total_memory=139 * 2**30, major=9, minor=0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    assert gpu_report.describe_device(dry=False)["device"] == "NVIDIA H200, 139 GiB, capability 9.0"
