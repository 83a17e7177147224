"""A user's own package and configuration, in a folder outside the checkout, as the guide shows them."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gan
from gan.errors import UserError
from tests.conftest import ROOT, TINY, Run, run_here

PAGE = (ROOT / "docs" / "guides" / "adding-a-part" / "own-package.md").read_text()
FILES = dict(re.findall(r"^`(my\w+/\S+)`\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's folder."""
    parent = tmp_path_factory.mktemp("mywork")
    for name, text in FILES.items():
        (parent / name).parent.mkdir(parents=True, exist_ok=True)
        (parent / name).write_text(text)
    (parent / "mypkg" / "__init__.py").touch()
    return parent


@pytest.fixture(autouse=True)
def importable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the folder on the path, as ``python -m`` does for the current one."""
    monkeypatch.syspath_prepend(folder)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "mypkg"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def trained(folder: Path) -> Run:
    """A run with the package's loss and one of Lightning's callbacks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        options = ["--config-dir", str(folder / "myconf"), "loss=logistic", *TINY, "trainer.max_steps=2"]
        options += ["+callbacks.lr._target_=pytorch_lightning.callbacks.LearningRateMonitor"]
        run = run_here("train.py", *options, f"hydra.run.dir={folder / 'run'}", folder=folder / "run")
    assert run.status == 0, run.err
    return run


def command_of(run: Run, title: str) -> list[str]:
    """Return the arguments of a command that a run's summary names."""
    (line,) = re.findall(rf"^{title} +python (.*)$", run.out, re.MULTILINE)
    return shlex.split(line)


def test_a_run_says_what_its_checkpoints_will_need(trained: Run) -> None:
    said = r"name classes of mypkg: resume with 'trust=\[mypkg\]', sample with --trust mypkg"
    assert len(re.findall(said, trained.err + trained.out)) == 1
    assert "trust=[mypkg]" in command_of(trained, "Resume")
    assert command_of(trained, "Sample")[-2:] == ["--trust", "mypkg"]


def test_sampling_needs_trust(trained: Run, tmp_path: Path) -> None:
    out = ["--num", "4", "--out", str(tmp_path / "x.png")]
    command = command_of(trained, "Sample")
    assert run_here(*command, *out).status == 0
    run = run_here(*command[:-2], *out)
    assert (run.status, run.out) == (2, "")
    assert re.fullmatch(r"error: .* mypkg\.logistic\.Logistic .*refused.* --trust mypkg.*\n", run.err)
    with pytest.raises(UserError, match="--trust mypkg"):
        gan.load(trained.folder)
    assert len(gan.load(trained.folder, trust=["mypkg"]).sample(3)) == 3


def test_resuming_needs_trust_or_a_configuration_that_names_the_class(trained: Run, folder: Path) -> None:
    ckpt, steps = f"ckpt={trained.folder}", "trainer.max_steps=3"
    run = run_here("train.py", ckpt, steps)
    assert run.status == 2
    assert re.fullmatch(r"error: .* mypkg\.logistic\.Logistic .*refused.* 'trust=\[mypkg\]'\n", run.err)
    run = run_here("train.py", ckpt, "trainer.max_steps=2", "trust=[mypkg]")
    assert "has 2 generator updates" in run.err
    run = run_here(
        "train.py", "--config-dir", str(folder / "myconf"), ckpt, steps, "+callbacks.lr.logging_interval=step"
    )
    assert run.status == 0, run.err
    assert "temperature: 2.0" in (trained.folder / "config.yaml").read_text()


def test_a_users_choices_are_known(folder: Path) -> None:
    own = ["--config-dir", str(folder / "myconf")]
    assert re.search(r"^  logistic +Logistic loss with a temperature$", run_here("train.py", *own, "--help").out, re.M)
    run = run_here("train.py", *own, "loss=logistic", "loss.adversarial.temprature=1")
    assert run.err.endswith("did you mean 'loss.adversarial.temperature'?\n")
    assert "did you mean 'logistic'?" in run_here("train.py", *own, "loss=logistc").err


@pytest.mark.long
def test_the_guides_commands_run(folder: Path) -> None:
    (block,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    commands = [shlex.split(line) for line in block.splitlines()]
    assert commands.pop(0) == ["cd", "mywork"]
    for number, (_, *command) in enumerate(commands):
        if "gan" in command:
            command = [word for word in command if not word.startswith("trainer.max_steps")]
            command += [f"trainer.max_steps={number + 2}", *([] if number else TINY)]
        done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert (folder / "samples.png").is_file()
