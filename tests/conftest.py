"""What the tests share: train.py run as a user runs it, tiny settings, and the project's root."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.host import cores

ROOT = Path(__file__).parent.parent

TINY = ["logger=none", "trainer=cpu", "model.generator.width=8", "data.batch_size=16", "metric.num_samples=64"]
"""Settings that make a run a matter of seconds."""

LIVELY = ["trainer.max_steps=10", "evaluate.every_n_steps=10", "optimizer.generator.lr=0.02"]
"""Settings after which images differ by many shades, as those of a generator that has hardly begun do not."""

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
QUIET += ["disable-component-update", "disable-sync"]


@dataclass(frozen=True)
class Run:
    """A finished command.

    Attributes:
        status: Its exit status.
        out: What it printed on standard output.
        err: What it printed on standard error.
        folder: The folder that it was told to write to.
    """

    status: int
    out: str
    err: str
    folder: Path

    @property
    def results(self) -> dict[str, Any]:
        return json.loads((self.folder / "results.json").read_text())

    def checkpoint(self, name: str = "last") -> dict[str, Any]:
        return torch.load(self.folder / "checkpoints" / f"{name}.ckpt", weights_only=True)


def start_python(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start Python in a process of its own, without a terminal, a W&B key or a GPU."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("WANDB", "HYDRA"))}
    env |= {"CUDA_VISIBLE_DEVICES": "", "NETRC": os.devnull, **environment}
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdin=nothing, stdout=pipe, stderr=pipe)


def run_python(*arguments: str, folder: Path = ROOT, **environment: str) -> Run:
    """Run Python as ``start_python`` does, to its end."""
    process = start_python(*arguments, **environment)
    out, err = process.communicate()
    return Run(process.returncode, out, err, folder)


def run_here(*arguments: str, folder: Path = ROOT, **environment: str) -> Run:
    """Run ``train.py ...`` or ``-m gan.<verb> ...`` in this process, which has imported torch already."""
    name, rest = (arguments[1], arguments[2:]) if arguments[0] == "-m" else (arguments[0], arguments[1:])
    out, err, status = StringIO(), StringIO(), 0
    hidden = {key: None for key in os.environ if key.startswith(("WANDB", "HYDRA"))} | {"NETRC": os.devnull}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for key, value in (hidden | {"HYDRA_FULL_ERROR": "0"} | environment).items():
            patch.delenv(key) if value is None else patch.setenv(key, value)
        patch.chdir(ROOT)
        patch.setattr(sys, "argv", [name, *rest])
        try:
            if arguments[0] == "-m":
                runpy.run_module(name, run_name="__main__")
            else:
                runpy.run_path(str(ROOT / name), run_name="__main__")
        except SystemExit as end:
            status = int(end.code or 0)
    return Run(status, out.getvalue(), err.getvalue(), folder)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Spread the whole suite over processes of one thread each; a part of it, and the long tests, run in this one."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS or config.option.markexpr == "long":
        return 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return min(4, cores())  # each takes about 2 GB


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Run]:
    """Run train.py with options; each run in a folder of its own, unless it is resumed.

    ``apart=True`` gives it a process of its own, as a user's run has; without it, starting takes no time.
    """

    def run(*options: str, name: str = "run", apart: bool = False, **environment: str) -> Run:
        folder = tmp_path / name
        place = [] if any(option.startswith("ckpt=") for option in options) else [f"hydra.run.dir={folder}"]
        return (run_python if apart else run_here)("train.py", *options, *place, folder=folder, **environment)

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Playwright's Browser: a real Chromium without a window, which pages are opened in."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
    if not CHROMIUM.is_file():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=[f"--{option}" for option in QUIET])
        yield running
        running.close()
