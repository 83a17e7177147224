"""Eleven tiny games, their runs in forked processes, and the comparison of two runs bit by bit."""

import csv
import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Any

import torch

from gan.runs.folder import RunFolder
from tests.conftest import Run, start_python
from tests.faults.outcome import UndisturbedError

__all__ = [
    "GAMES",
    "LEFT_OVER",
    "checkpoint_differences",
    "differences",
    "finish",
    "is_finished",
    "new_run",
    "next_command",
    "train",
    "train_undisturbed",
    "unlike",
]

NARROW = ["model.generator.width=4"]
GAMES = {
    "mlp_gan": [*NARROW, "augment=ada", "augment.images=2000"],
    "dcgan": [*NARROW, "data.flip=true"],
    "wgan_gp": ["model=dcgan", "loss=wgan_gp", "loss.critic_steps=2", *NARROW],
    "infogan": [*NARROW, "model.generator.hidden=8"],
    "vae": NARROW,
    "vqvae": [*NARROW, "model.generator.prior_depth=1", "model.generator.prior_width=4", "model.generator.blocks=1"],
    "ddpm": ["model.generator.network.width=4", "model.generator.steps=2"],
    "unrolled_gan": ["data=ring8", *NARROW, "model.unroll_steps=2"],
    "multi_gan": ["data=ring8", *NARROW, "schedule=cosine"],
    "progan": [*NARROW, "model.fade_images=16", "model.stable_images=16"],
    "began": NARROW,
}
"""Options of each game; its model is of the same name unless they name another."""

OPTIONS = ["logger=none", "trainer=cpu", "trainer.enable_progress_bar=false", "data.batch_size=8"]
OPTIONS += ["metric.num_samples=32", "trainer.max_steps=9", "trainer.log_every_n_steps=2", "evaluate.every_n_steps=3"]
OPTIONS += ["callbacks.samples.num=4"]
"""Options of all: checkpoints fall into the middle of a window of logging."""

OF_TIME = ("train/images_per_second", "val/training_seconds")
"""Columns of metrics.csv that are measured times."""
LIMIT = 120  # seconds that a tiny run may take on a busy machine
COMMANDS = 3  # that a user may need at most
PRINTED = re.compile(r"(?:python (?:train\.py|-m gan)|resume(?: it)? with) (ckpt=[^\s,;]+)")
LEFT_OVER = ("**/*.partial", "error.txt")


def new_run(folder: Path, game: str) -> list[str]:
    """Return the options of a game's new run."""
    own = GAMES[game]
    model = [] if "model=dcgan" in own else [f"model={game}"]
    return [*model, *own, *OPTIONS, f"hydra.run.dir={folder}"]


def train(
    folder: Path, *options: str, before: Callable[[], None] | None = None, killed_after: float | None = None
) -> Run:
    """Run train.py in a forked process.

    Args:
        folder: Folder of the run.
        *options: Options, without that of the folder.
        before: Function to call in the process first.
        killed_after: Seconds after which it is sent SIGKILL.

    Raises:
        TimeoutError: If it has not ended after two minutes.
    """
    process = start_python("train.py", *options, before=before, OMP_NUM_THREADS="1")
    if killed_after is not None:
        sleep(killed_after)
        with suppress(ProcessLookupError):  # it has ended already
            process.send_signal(signal.SIGKILL)
    out, err = process.communicate(timeout=LIMIT)
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
        raise TimeoutError(f"train.py has not ended after {LIMIT} s: {err[-200:]}")
    return Run(process.returncode, out, err, folder)


def train_undisturbed(folder: Path, game: str, *options: str, before: Callable[[], None] | None = None) -> None:
    """Train a game without a fault.

    Raises:
        UndisturbedError: If that fails.
    """
    done = train(folder, *new_run(folder, game), *options, before=before)
    if done.status != 0:
        raise UndisturbedError(f"{game} fails without a fault: {done.err[-500:]}")


def is_finished(folder: Path) -> bool:
    """Return whether a run has results and a page."""
    run = RunFolder(folder)
    return run.results.is_file() and run.page.is_file()


def next_command(folder: Path, game: str) -> list[str]:
    """Return the options with which a user goes on: those of a resume, or the same again if there is no run yet."""
    return [f"ckpt={folder}"] if RunFolder(folder).config.is_file() else new_run(folder, game)


def finish(folder: Path, game: str) -> str | None:
    """Finish a disturbed run as a user does, following a command that an error names; return why that failed."""
    for _ in range(COMMANDS):
        if is_finished(folder):
            return None
        done = train(folder, *next_command(folder, game))
        if done.status == 2 and (printed := PRINTED.search(done.err)):
            done = train(folder, printed[1])
        if done.status not in (0, 2):
            return f"status {done.status} {done.err[-300:]}"
    return None if is_finished(folder) else f"not finished: {done.err[-300:]}"


def differences(whole: Path, folder: Path) -> Iterator[str]:
    """Yield what differs between an undisturbed run and another of the same options, and what the other left over."""
    a, b = RunFolder(whole), RunFolder(folder)
    yield from checkpoint_differences(a.last, b.last)
    yield from checkpoint_differences(a.best, b.best)
    rows, others = _rows(a.metrics), _rows(b.metrics)
    yield from unlike(rows, others, "metrics.csv")
    yield from unlike(_pictures(a), _pictures(b), "samples")
    if is_finished(folder):
        yield from unlike(_scores(a), _scores(b), "results.json")
    else:
        yield "there is no results.json, or no page"
    yield from (f"{path.name} is left over" for pattern in LEFT_OVER for path in folder.glob(pattern))


def checkpoint_differences(path: Path, other: Path) -> Iterator[str]:
    """Yield what differs between the state of training in two checkpoints."""
    if other.is_file():
        yield from unlike(_state(path), _state(other), other.name)
    else:
        yield f"there is no {other.name}"


def unlike(a: Any, b: Any, key: str) -> Iterator[str]:
    """Yield the first keys at which nested values differ; tensors are compared bit by bit."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        if a.dtype != b.dtype or a.shape != b.shape or _bits(a) != _bits(b):
            yield f"{key} differs"
    elif isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys():
            yield f"{key} has other keys ({', '.join(map(str, sorted(a.keys() ^ b.keys(), key=str)[:3]))})"
        for name in a.keys() & b.keys():
            yield from unlike(a[name], b[name], f"{key}.{name}")
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        if len(a) != len(b):
            yield f"{key} has {len(b)} entries, not {len(a)}"
        for index, (x, y) in enumerate(zip(a, b, strict=False)):
            yield from unlike(x, y, f"{key}[{index}]")
    elif a != b and not (a != a and b != b):
        yield f"{key} is {str(b)[:60]}, not {str(a)[:60]}"


def _bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes()


def _state(path: Path) -> dict[str, Any]:
    """Return what a checkpoint holds of the state of training."""
    contents = torch.load(path, weights_only=True)
    kept = {"state_dict", "optimizer_states", "lr_schedulers", "global_step", "batches_seen", "MNIST5k", "Ring"}
    scores = contents["callbacks"].get("Evaluation", {}).get("scores")
    return {key: value for key, value in contents.items() if key in kept} | {"scores": scores}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [{key: value for key, value in row.items() if key not in OF_TIME} for row in csv.DictReader(file)]


def _pictures(run: RunFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.sample_grids()}


def _scores(run: RunFolder) -> dict[str, Any]:
    results = json.loads(run.results.read_text(encoding="utf-8"))
    return {key: results[key] for key in ("global_step", "scores", "best_step", "score", "stopped", "baselines")}
