"""Damaged checkpoints and exports: reading names the file in one line, and resuming goes on from the whole one before.

A file whose contents are the same bits in spite of the damage may be read.
"""

import shutil
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import torch

import gan
from gan.errors import UserError
from gan.export.export import write_weights
from gan.runs.folder import EXPORTED_WEIGHTS, RunFolder
from tests.faults.damage import damage
from tests.faults.games import differences, train, train_undisturbed, unlike
from tests.faults.outcome import Outcome, UndisturbedError, run_cases

__all__ = ["run"]

RESUMED = 20  # every 20th case resumes a run whose last checkpoint is damaged
EXPORTED = 5  # every 5th of the others damages an export


def run(seed: int, cases: Sequence[int], folder: Path) -> Outcome:
    """Damage and read a file per case."""
    whole = cache(partial(_train, folder / "whole"))
    return run_cases("damaged", seed, cases, folder, lambda *case: _check(whole(), *case))


def _train(folder: Path) -> Path:
    """Train a run, export its generator, and train a copy for longer."""
    train_undisturbed(folder, "dcgan", "trainer.log_every_n_steps=3")
    write_weights(gan.load(folder), folder / EXPORTED_WEIGHTS)
    longer = _longer(folder)
    shutil.copytree(folder, longer)
    if (done := train(longer, *_resume(longer))).status != 0:
        raise UndisturbedError(f"resuming fails without a fault: {done.err[-500:]}")
    return folder


def _longer(whole: Path) -> Path:
    """Return the folder of the same run after three more updates."""
    return whole.with_name("longer")


def _resume(folder: Path) -> list[str]:
    return [f"ckpt={folder}", "trainer.max_steps=12"]


def _check(whole: Path, random: Random, case: int, folder: Path) -> str | None:
    if case % RESUMED == 0:
        return _check_resume(whole, random, folder / "run")
    if case % EXPORTED == 0:
        names = [EXPORTED_WEIGHTS, Path(EXPORTED_WEIGHTS).with_suffix(".json").name]
        for name in names:
            shutil.copy(whole / name, folder)
        path, damaged = folder / names[0], folder / random.choice(names)
    else:
        path = damaged = Path(shutil.copy(random.choice([RunFolder(whole).last, RunFolder(whole).best]), folder))
    before = _contents(path)
    how = damage(damaged, random)
    try:
        gan.load(path)
    except UserError as error:
        line = str(error)
        named = damaged.name in line and "\n" not in line
        return None if named else f"{how}: {damaged} is not named in one line: {line}"
    wrong = list(unlike(before, _contents(path), damaged.name))
    return f"{how}: {damaged} is read, but {wrong[0]}" if wrong else None


def _check_resume(whole: Path, random: Random, folder: Path) -> str | None:
    """Resume a run whose last checkpoint is damaged, and compare it with the one that was resumed undamaged."""
    shutil.copytree(whole, folder)
    run = RunFolder(folder)
    how = damage(run.last, random)
    done = train(folder, *_resume(folder))
    if done.status != 0 or run.last.name not in done.err:
        return f"resuming after {how}: status {done.status}, {done.err[-300:]}"
    wrong = list(differences(_longer(whole), folder))
    return f"resuming after {how}: {'; '.join(wrong[:4])}" if wrong else None


def _contents(path: Path) -> Any:
    """Return what a file holds, or the generator's weights and configuration if it is an export."""
    if path.suffix == ".ckpt":
        return torch.load(path, weights_only=True)
    generator = gan.load(path)
    return generator.model.generator.state_dict(), dict(generator.config)
