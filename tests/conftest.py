"""Shared test helpers: running train.py as users do, tiny settings, and a browser."""

import json
import logging
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from socket import socket
from typing import Any

import pytest
import torch

from gan.host import cores
from tests.processes import Forked

ROOT = Path(__file__).parent.parent

TINY = ["logger=none", "trainer=cpu", "model.generator.width=8", "data.batch_size=16", "metric.num_samples=64"]
"""Options that make a run take seconds."""

LIVELY = ["trainer.max_steps=10", "evaluate.every_n_steps=10", "optimizer.generator.lr=0.02"]
"""Options after which samples differ by many grey levels, unlike those of an untrained generator."""

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
QUIET += ["disable-component-update", "disable-sync"]


@dataclass(frozen=True)
class Run:
    """A finished command.

    Attributes:
        status: Exit status.
        out: Standard output.
        err: Standard error.
        folder: Folder that it was told to write to.
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


def start_python(
    *arguments: str, fresh: bool = False, before: Callable[[], None] | None = None, **environment: str
) -> subprocess.Popen[str] | Forked:
    """Start Python in a new process, without a terminal, a W&B key or a GPU.

    train.py and the commands are forked from a process that has imported the package, unless ``fresh`` is true. Those
    call ``before`` first.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith(("WANDB", "HYDRA"))}
    env |= {"CUDA_VISIBLE_DEVICES": "", "NETRC": os.devnull, **environment}
    if not fresh and (arguments[0] == "train.py" or (arguments[:1] == ("-m",) and arguments[1].startswith("gan."))):
        return Forked(arguments, ROOT, env, before)
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdin=nothing, stdout=pipe, stderr=pipe)


def run_python(*arguments: str, folder: Path = ROOT, fresh: bool = False, **environment: str) -> Run:
    """Run Python as ``start_python`` does, and wait for its end."""
    process = start_python(*arguments, fresh=fresh, **environment)
    out, err = process.communicate()
    assert process.returncode is not None
    return Run(process.returncode, out, err, folder)


def run_ranks(ranks: int, *arguments: str, torchrun: bool = False, folder: Path = ROOT) -> Run:
    """Run ``-m gan.<verb> ...`` on several ranks, by torchrun or with the environment that it sets."""
    if torchrun:
        launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
        return run_python(*launcher, *arguments, folder=folder)
    shared = {"WORLD_SIZE": str(ranks), "LOCAL_WORLD_SIZE": str(ranks), "MASTER_ADDR": "127.0.0.1"}
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        shared["MASTER_PORT"] = str(probe.getsockname()[1])
    processes = [start_python(*arguments, RANK=str(rank), LOCAL_RANK=str(rank), **shared) for rank in range(ranks)]
    outputs = [process.communicate() for process in processes]
    failed = [process.returncode for process in processes if process.returncode]
    out, err = ("".join(texts) for texts in zip(*outputs, strict=True))
    return Run(failed[0] if failed else 0, out, err, folder)


def run_here(*arguments: str, folder: Path = ROOT, **environment: str) -> Run:
    """Run ``train.py ...`` or ``-m gan.<verb> ...`` in this process, which has already imported torch."""
    name, rest = (arguments[1], arguments[2:]) if arguments[0] == "-m" else (arguments[0], arguments[1:])
    out, err, status, handlers = StringIO(), StringIO(), 0, logging.root.handlers[:]
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
        finally:
            logging.root.handlers[:] = handlers  # without the run's train.log
    return Run(status, out.getvalue(), err.getvalue(), folder)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run the whole suite in single-threaded processes; parts of it and the long tests in this process."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS or config.option.markexpr == "long":
        return 0
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return min(4, cores())  # each takes about 2 GB


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., Run]:
    """Run train.py with options, in a folder named ``name`` unless it resumes a run.

    ``apart=True`` runs it in a separate process, ``fresh=True`` in one that has imported nothing.
    """

    def run(*options: str, name: str = "run", apart: bool = False, fresh: bool = False, **environment: str) -> Run:
        folder = tmp_path / name
        output = [] if any(option.startswith("ckpt=") for option in options) else [f"hydra.run.dir={folder}"]
        if apart or fresh:
            return run_python("train.py", *options, *output, folder=folder, fresh=fresh, **environment)
        return run_here("train.py", *options, *output, folder=folder, **environment)

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Playwright browser: headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
    if not CHROMIUM.is_file():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=[f"--{option}" for option in QUIET])
        yield running
        running.close()
