"""Added parts, one Python file and one YAML each: in a copy of the project, and in a package outside it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from tests.conftest import ROOT

PARTS = ROOT / "tests" / "parts"
MODULES = {path.relative_to(PARTS) for path in PARTS.glob("*/*.py") if path.name != "__init__.py"}
TARGET = re.compile(r"\bgan\.(" + "|".join(".".join(module.with_suffix("").parts) for module in MODULES) + r")\b")
TINY = [
    "trainer=cpu",
    "trainer.precision=32-true",
    "logger=none",
    "data.batch_size=8",
    "metric.num_samples=16",
    "evaluate.every_n_steps=2",
]
TINY += ["model.generator.width=8", "model.discriminator.width=8", "trainer.enable_progress_bar=false"]
CASES = {
    "digits": [
        *("model=dcgan", "loss=adaptive_hinge", "data=npz", "data.path={npz}", "metric=[frechet,two_sample]"),
        *("callbacks=update_size", "schedule@schedules.generator=square_wave", "trainer.log_every_n_steps=1"),
        *("loss.critic_norm=none", "model.generator.norm=none"),  # each rank has its own batch statistics
    ],
    "style_gan": ["model=style_gan", "loss.critic_norm=none", "data=npz", "data.path={npz}"],
    "translation": [
        *("model=translation", "data.path={pairs}", "data.image_size=16", "metric=[two_sample]"),
        "callbacks.neighbors=null",
    ],
}


@dataclass(frozen=True)
class Home:
    """Place in which the parts live.

    Attributes:
        folder: Working folder of commands.
        entry: Command that trains.
        trust: Options of commands that read a checkpoint; empty if the parts are the project's own.
        environment: Environment variables.
    """

    folder: Path
    entry: list[str]
    trust: list[str]
    environment: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)

    def train(self, folder: str, *options: str) -> Path:
        output = [] if any(option.startswith("ckpt=") for option in options) else [f"hydra.run.dir={folder}"]
        done = self.run(sys.executable, *self.entry, *TINY, *options, *output)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return self.folder / folder


def environment(path: Path, cache: Path) -> dict[str, str]:
    settings = {"PYTHONPATH": str(path), "XDG_CACHE_HOME": str(cache), "OMP_NUM_THREADS": "1", "WANDB_MODE": "disabled"}
    return {**os.environ, **settings}


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Copy of the project with the parts' files in its folders, and nothing else changed."""
    project = tmp_path_factory.mktemp("inside") / "project"
    for folder in ("conf", "src", "tests"):
        shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__", "parts"))
    for file in ("train.py", "pyproject.toml"):
        shutil.copy(ROOT / file, project)
    for module in MODULES:
        shutil.copy(PARTS / module, project / "src" / "gan" / module)
    shutil.copytree(PARTS / "conf", project / "conf", dirs_exist_ok=True)
    return Home(project, ["train.py"], [], environment(project / "src", project.parent / "cache"))


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Package and configuration of somebody else's, outside the project, which is only installed."""
    folder = tmp_path_factory.mktemp("outside")
    package = folder / "theirs"
    for module in MODULES:
        (package / module).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PARTS / module, package / module)
    for path in (PARTS / "conf").rglob("*.yaml"):
        copy = folder / "conf" / path.relative_to(PARTS / "conf")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(TARGET.sub(r"theirs.\1", path.read_text()))
    entry = ["-m", "gan", "--config-dir", "conf"]
    return Home(folder, entry, ["--trust", "theirs"], environment(folder, folder / "cache"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the paths of an .npz file of squares, and of a folder of pairs: outlines, and squares."""
    folder, rng = tmp_path_factory.mktemp("files"), np.random.default_rng(0)
    images, labels = np.zeros((80, 16, 16, 1), np.uint8), np.arange(80) % 2
    for image, label in zip(images, labels, strict=True):
        x, y = rng.integers(0, 8, 2)
        image[x : x + 4 + 4 * label, y : y + 4 + 4 * label] = 255
    np.savez(folder / "squares.npz", images=images, labels=labels)
    for split, part in (("train", images[:64]), ("test", images[64:])):
        (folder / "pairs" / split).mkdir(parents=True)
        for index, image in enumerate(part):
            square = np.repeat(image, 3, axis=2)
            outline = square - np.minimum(square, np.roll(square, 1, 0))
            Image.fromarray(np.hstack([outline, square])).save(folder / "pairs" / split / f"{index:03}.png")
    return {"npz": str(folder / "squares.npz"), "pairs": str(folder / "pairs")}


def state(run: Path, name: str = "last.ckpt") -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(run / "checkpoints" / name, weights_only=True)
    return {key: checkpoint[key] for key in ("state_dict", "optimizer_states", "global_step")}


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_parts_of_another_package(case: str, outside: Home, files: dict[str, str]) -> None:
    options = [option.format(**files) for option in CASES[case]]
    whole = outside.train(f"{case}/whole", *options, "trainer.max_steps=4")

    resumed = outside.train(f"{case}/resumed", *options, "trainer.max_steps=2")
    outside.train("", f"ckpt={resumed}", "trainer.max_steps=4")
    assert_close(state(resumed), state(whole), rtol=0, atol=0)

    ranks = outside.train(f"{case}/ranks", *options, "trainer.max_steps=4", "trainer.devices=2")
    assert_close(state(ranks)["state_dict"], state(whole)["state_dict"], rtol=1e-3, atol=1e-4)

    check_use(case, outside, whole)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_parts_inside_a_copy(case: str, inside: Home, files: dict[str, str]) -> None:
    """The same files in the project's folders need no trust; the other uses differ from a package's in nothing."""
    options = [option.format(**files) for option in CASES[case]]
    run = inside.train(f"{case}/run", *options, "trainer.max_steps=2")
    inside.train("", f"ckpt={run}", "trainer.max_steps=4")
    done = inside.run(sys.executable, "-m", "gan.sample", str(run), "--num", "5", "--out", f"{case}.png")
    assert done.returncode == 0, done.stderr


def check_use(case: str, home: Home, run: Path) -> None:
    """Sample, morph and export the run; without trust in the package, each is refused in a line."""
    commands: dict[str, Callable[[str], list[str]]] = {
        "sample": lambda out: ["gan.sample", str(run), "--num", "5", "--out", f"{out}.png"],
        "export": lambda out: ["gan.export", str(run), "--out", out],
    }
    if case == "translation":
        commands["neighbors"] = lambda out: ["gan.explore", "neighbors", str(run), "--num", "2", "--out", f"{out}.png"]
    else:
        commands["interpolate"] = lambda out: ["gan.interpolate", str(run), "--num", "2", "--out", f"{out}.png"]
    for name, command in commands.items():
        out = str(home.folder / case / name)
        done = home.run(sys.executable, "-m", *command(out), *home.trust)
        assert done.returncode == 0, done.stderr[-3000:]
        refused = home.run(sys.executable, "-m", *command(f"{out}-refused"))
        assert refused.returncode == 2, refused.stderr
        assert re.search(r"theirs.*--trust theirs", refused.stderr), refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
    exported = home.run(sys.executable, "-m", "gan.sample", str(home.folder / case / "export"), *home.trust)
    assert exported.returncode == 0, exported.stderr
    if find_spec("onnxruntime"):
        assert (home.folder / case / "export" / "generator.onnx").is_file()


@pytest.mark.long
def test_the_projects_tests_cover_them(inside: Home) -> None:
    names = " or ".join(sorted(module.stem for module in MODULES))
    done = inside.run(sys.executable, "-m", "pytest", "-n0", "-m", "not long", "tests/test_conf.py", "-k", names)
    assert done.returncode == 0, done.stdout[-4000:]
