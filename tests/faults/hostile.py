"""Hostile checkpoints, exports and run folders: nothing in them is run, written, imported or read from outside."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml
from platformdirs import user_cache_path

import gan
from gan import tensor_file
from gan.export.export import write_weights
from gan.runs.folder import EXPORTED_WEIGHTS, RunFolder
from tests.conftest import Run, start_python
from tests.faults.gadgets import MUTATIONS, Canary
from tests.faults.games import train_undisturbed
from tests.faults.outcome import Outcome, UndisturbedError, run_cases
from tests.faults.witness import Witness, read_deeds

__all__ = ["run"]

OWN_PACKAGES = {"gan", "tests", "torch", "torchvision", "torchmetrics", "pytorch_lightning", "lightning_fabric"}
"""Packages whose classes a file may name: importing these alone does nothing."""
DEEDS = "deeds.log"
NOT_OWN = ("torch.package", "torch.utils.benchmark", "torch.utils.tensorboard")

Config = dict[str, Any]
Change = Callable[[Config], None]


def run(seed: int, cases: Sequence[int], folder: Path) -> Outcome:
    """Write a hostile file and use it per case, with each command in turn."""
    base = cache(lambda: _prepare(folder / "base"))
    return run_cases("hostile", seed, cases, folder, lambda *case: _check(base(), *case))


# Files ---------------------------------------------------------------------------------------------------------------


class Touch:
    """Object whose pickle makes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def write_checkpoint(whole: Path, change: Change, folder: Path) -> Path:
    """Write a checkpoint with a changed configuration."""
    contents = tensor_file.load(RunFolder(whole).last)
    change(contents["config"])
    path = folder / "hostile.ckpt"
    tensor_file.save(contents, path)
    return path


def write_pickle(whole: Path, change: Change, folder: Path) -> Path:
    """Write a checkpoint that also holds a pickle of what is no plain value."""
    contents = tensor_file.load(RunFolder(whole).last)
    change(contents["config"])
    contents["config"]["new"] = Touch(Canary.below(folder).file)
    path = folder / "hostile.ckpt"
    tensor_file.save(contents, path)
    return path


def write_export(whole: Path, change: Change, folder: Path) -> Path:
    """Write exported weights beside a description with a changed configuration."""
    path = Path(shutil.copy(whole / EXPORTED_WEIGHTS, folder))
    description = json.loads((whole / EXPORTED_WEIGHTS).with_suffix(".json").read_text())
    change(description["config"])
    path.with_suffix(".json").write_text(json.dumps(description))
    return path


def write_run(whole: Path, change: Change, folder: Path) -> Path:
    """Write a run's folder with changed configurations, for reports."""
    path = folder / "run"
    shutil.copytree(whole, path, ignore=shutil.ignore_patterns("checkpoints", "*.safetensors"))
    run, results = RunFolder(path), json.loads(RunFolder(whole).results.read_text())
    change(results["config"])
    run.config.write_text(yaml.safe_dump(results["config"]))
    run.results.write_text(json.dumps(results))
    return path


# Commands ------------------------------------------------------------------------------------------------------------

Write = Callable[[Path, Change, Path], Path]


@dataclass(frozen=True)
class Command:
    """Command that reads a hostile file.

    Attributes:
        write: Function that writes the file.
        arguments: Arguments, with the file for FILE and a folder for OUT.
        refused: Whether the file is refused without a gadget too.
    """

    write: Write
    arguments: str
    refused: bool = False

    def run(self, whole: Path, change: Change, folder: Path) -> Run:
        """Make a file of an undisturbed run hostile in an empty folder, and run the command on it with a witness."""
        file, out, canary = self.write(whole, change, folder), folder / "out", Canary.below(folder)
        out.mkdir()
        words = [word.replace("FILE", str(file)).replace("OUT", str(out)) for word in self.arguments.split()]
        environment = {canary.variable: canary.secret, "TMPDIR": str(out), "OMP_NUM_THREADS": "1"}
        process = start_python(*words, before=Witness(folder / DEEDS), **environment)
        output, errors = process.communicate()
        assert process.returncode is not None
        return Run(process.returncode, output, errors, folder)


READ = {"sample": "-m gan.sample FILE --num 1 --out OUT/x.png"}
READ["export"] = "-m gan.export FILE --out OUT/x --formats safetensors"
READ["evaluate"] = "-m gan.evaluate FILE metric.num_samples=8 out=OUT/x.json"
COMMANDS = {f"{verb} of a checkpoint": Command(write_checkpoint, line) for verb, line in READ.items()}
COMMANDS |= {f"{verb} of an export": Command(write_export, line) for verb, line in READ.items()}
COMMANDS["train"] = Command(write_checkpoint, "train.py ckpt=FILE trainer.max_steps=10 hydra.run.dir=OUT/run")
COMMANDS["report"] = Command(write_run, "-m gan.report FILE --out OUT/report")
COMMANDS["sample of a pickle"] = Command(write_pickle, READ["sample"], refused=True)


@dataclass(frozen=True)
class _Base:
    """Run whose files are made hostile, and the modules that each command imports by itself."""

    whole: Path
    modules: dict[str, set[str]]


def _prepare(folder: Path) -> _Base:
    whole = folder / "whole"
    train_undisturbed(whole, "dcgan")
    write_weights(gan.load(whole), whole / EXPORTED_WEIGHTS)
    modules = {}
    for number, (name, command) in enumerate(COMMANDS.items()):
        own = folder / str(number)
        own.mkdir()
        done = command.run(whole, lambda _: None, own)
        modules[name] = {value for kind, value in read_deeds(own / DEEDS) if kind == "import"}
        wrong = list(_wrongs(done, modules[name]))
        if wrong or done.status != (2 if command.refused else 0):
            raise UndisturbedError(f"{name} fails without a gadget: {wrong} {done.err[-500:]}")
    return _Base(whole, modules)


def _check(base: _Base, random: Random, case: int, folder: Path) -> str | None:
    name, described = list(COMMANDS)[case % len(COMMANDS)], []

    def change(config: Config) -> None:
        described.append(random.choice(MUTATIONS)(config, Canary.below(folder), random))

    done = COMMANDS[name].run(base.whole, change, folder)
    wrong = list(_wrongs(done, base.modules[name]))
    return f"{name}, {described[0]}: {'; '.join(wrong[:4])}" if wrong else None


def _wrongs(done: Run, modules: set[str]) -> Iterator[str]:
    """Yield what a command should not have done; the modules are those that it may import."""
    folder, canary = done.folder, Canary.below(done.folder)
    if done.status not in (0, 2) or "Traceback" in done.err:
        yield f"status {done.status}, {done.err[-300:]}"
    if done.status == 2 and done.err.count("error: ") != 1:
        yield f"not one line: {done.err[-300:]}"
    if canary.file.exists():
        yield "the canary's file is there"
    files = [path for path in folder.rglob("*") if path.is_file()]
    read = [path for path in files if canary.secret.encode() in path.read_bytes()]
    if read or canary.secret in done.out + done.err:
        yield f"the canary's variable was read: {read}"
    allowed = [folder / "out", folder / "run", user_cache_path("gan"), Path("/dev")]
    for kind, value in read_deeds(folder / DEEDS):
        if kind == "write" and not any(Path(value).is_relative_to(path) for path in allowed):
            yield f"wrote {value}"
        elif (
            kind == "import"
            and value not in modules
            and (value.partition(".")[0] not in OWN_PACKAGES or value.startswith(NOT_OWN))
        ):
            yield f"imported {value}"
        elif kind in ("program", "connection"):
            yield f"{kind}: {value}"
