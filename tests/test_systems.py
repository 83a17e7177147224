"""Windows and macOS, by stand-ins: without what only POSIX systems have, and with workers that are spawned."""

import ast
import io
import os
import pickle
import re
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gan import cli
from gan.data.mnist5k import MNIST5k
from gan.distributed import launch
from gan.host import available_signals, peak_memory
from tests.conftest import ROOT, TINY, run_python

SOURCES = [ROOT / "train.py", *sorted((ROOT / "src").rglob("*.py")), *sorted((ROOT / "docs").glob("*.py"))]
POSIX_ONLY = (
    r"\b(?:signal\.SIG(?:USR|HUP|KILL|ALRM|PIPE|QUIT)|os\.(?:fork|getuid|geteuid|killpg|mkfifo|sched_|uname|wait))"
)
POSIX_ONLY += r"|(?:^import|^from) (?:fcntl|pwd|grp|resource|termios)\b|/dev/shm"

WITHOUT_POSIX = """
import importlib, os, pkgutil, signal, sys
import gradio, hydra, matplotlib.pyplot, pytorch_lightning, torch.distributed, torchmetrics, torchvision, wandb

for name in ("SIGUSR1", "SIGUSR2", "SIGHUP", "SIGKILL", "SIGALRM", "SIGPIPE", "SIGQUIT"):
    delattr(signal, name)
for name in ("fork", "setpgrp", "killpg", "getuid", "geteuid", "mkfifo", "sched_getaffinity"):
    delattr(os, name)
sys.modules |= dict.fromkeys(("fcntl", "pwd", "grp", "resource", "termios"))

import gan
for module in pkgutil.walk_packages(gan.__path__, "gan."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from gan.__main__ import run
run()
"""


def test_no_source_uses_names_that_only_posix_systems_have() -> None:
    uses = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(POSIX_ONLY, line) and "hasattr" not in line and "# Linux" not in line
    ]
    assert uses == []


@pytest.mark.long
def test_training_without_what_only_posix_systems_have(tmp_path: Path) -> None:
    """Third-party packages, which have code of their own for Windows, are imported before."""
    options = [*TINY, "model=mlp_gan", "trainer.max_steps=2", "evaluate.every_n_steps=1", "data.num_workers=0"]
    run = run_python("-c", WITHOUT_POSIX, *options, f"hydra.run.dir={tmp_path / 'run'}", folder=tmp_path / "run")
    assert run.status == 0, run.err
    assert run.results["global_step"] == 2


def test_signals_and_memory_of_a_system_without_posix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGUSR1")
    assert available_signals("SIGINT", "SIGUSR1") == [signal.SIGINT]
    monkeypatch.setitem(sys.modules, "resource", None)
    monkeypatch.setattr(Path, "is_file", lambda _: False)
    assert peak_memory(torch.device("cpu")) == 0


@pytest.mark.parametrize("groups", [True, False])
def test_ctrl_c_is_forwarded_to_processes_of_other_groups_alone(groups: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without process groups, a terminal's Ctrl-C has reached the ranks already."""
    rank: Any = SimpleNamespace(pid=0, is_alive=lambda: True)
    monkeypatch.setattr(launch, "HAS_GROUPS", groups)
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _, number: sent.append(number))
    with launch._forward_signals([rank]) as received:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert received == [signal.SIGINT, signal.SIGTERM]
    assert sent == received[not groups :]


def names_no_encoding(call: ast.Call) -> bool:
    """Return whether a call opens, reads or writes a text file in the system's own encoding."""
    name = getattr(call.func, "attr", getattr(call.func, "id", None))
    if ast.unparse(call.func) in ("Image.open", "av.open", "webbrowser.open", "os.open", "tarfile.open"):
        return False
    modes = [mode for mode in map(ast.unparse, call.args[:2]) if re.fullmatch(r"'[rwaxb+]{1,3}'", mode)]
    method = isinstance(call.func, ast.Attribute)  # of Path; the functions of gan.runs have one encoding
    text = (method and name in ("read_text", "write_text")) or (name == "open" and "b" not in "".join(modes))
    return text and "encoding" not in {keyword.arg for keyword in call.keywords}


def test_text_files_are_utf_8() -> None:
    """Windows reads and writes another encoding by default."""
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and names_no_encoding(node)
    ]
    assert calls == []


def test_characters_that_the_console_lacks_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    console = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", console)
    cli.run(lambda: print("γ is 0.5 × 2"))
    console.flush()
    assert console.buffer.getvalue().decode("cp1252").strip() == "? is 0.5 × 2"


def test_workers_can_be_spawned() -> None:
    """A spawned worker receives its arguments pickled."""
    loader = MNIST5k(image_size=28, channels=1, num_classes=10, num_workers=1).train_dataloader()
    arguments = (loader.dataset, loader.collate_fn, loader.worker_init_fn)
    dataset, collate, _ = pickle.loads(pickle.dumps(arguments))
    batch = collate(dataset.__getitems__([0, 1]))
    assert all(map(lambda ours, theirs: ours.equal(theirs), batch[:2], loader.dataset.__getitems__([0, 1])[:2]))


def test_paths_of_a_run_have_no_character_that_windows_forbids() -> None:
    for path in (ROOT / "conf").rglob("*.yaml"):
        for stamp in re.findall(r"\$\{now:([^}]*)\}", path.read_text(encoding="utf-8")):
            assert not set(stamp) & set('<>:"|?*\\'), f"{path}: {stamp}"
