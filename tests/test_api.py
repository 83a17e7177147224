"""Training from Python: equal to the command line's, with its errors, and with pictures in a notebook."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from omegaconf import OmegaConf
from pytorch_lightning import Callback, LightningModule, Trainer

import gan
from gan.loggers.notebook import NotebookLogger
from tests.conftest import TINY, run_here

SMALL = [*TINY, "model=mlp_gan", "model.discriminator.width=16", "trainer.max_steps=2", "evaluate.every_n_steps=2"]


class Counter(Callback):
    """Callback of a notebook."""

    def __init__(self) -> None:
        self.batches = 0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.batches += 1


def comparable(folder: Path) -> tuple[dict[str, Any], list[str], dict[str, Any]]:
    """Return a run's configuration, commands and results, without what differs between two runs."""
    config: Any = OmegaConf.to_container(OmegaConf.load(folder / "config.yaml"))
    results = json.loads((folder / "results.json").read_text())
    for key in ("id", "run_dir"):
        del config[key], results["config"][key]
    for part in ("samples", "neighbors", "checkpoints"):
        del config["callbacks"][part], results["config"]["callbacks"][part]
    timed = ("wall_seconds", "images_per_second", "peak_memory_mb", "command")
    comments = [line for line in (folder / "config.yaml").read_text().splitlines() if line.startswith("#")]
    return config, comments, {key: value for key, value in results.items() if key not in timed}


def test_a_run_is_that_of_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    handlers, arguments, counter = list(logging.getLogger().handlers), list(sys.argv), Counter()
    results = gan.train(*SMALL, callbacks=[counter])
    assert counter.batches == 2
    assert results.folder.parent.parent == tmp_path / "runs", "the folder is in the current one"
    assert results.folder.name.endswith("-mlp_gan-non_saturating")
    assert json.loads(json.dumps(results)) == json.loads((results.folder / "results.json").read_text())
    assert "Best " in capsys.readouterr().out
    assert results["command"] == " ".join(["python", "train.py", *SMALL])
    assert (list(logging.getLogger().handlers), sys.argv) == (handlers, arguments)

    other = tmp_path / "other"
    assert run_here("train.py", *SMALL, f"hydra.run.dir={other}").status == 0
    config, comments, found = comparable(results.folder)
    assert comments == ["# python train.py " + " ".join(SMALL)]
    assert (config, found) == comparable(other)[::2]
    ours, theirs = (
        torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for folder in (results.folder, other)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)

    again = gan.train(f"ckpt={results.folder}", "trainer.max_steps=3")
    assert (again["global_step"], again.folder) == (3, results.folder), "several calls in a process"
    assert gan.load(again.folder).sample(2).shape == (2, 1, 28, 28)
    assert 'alt="samples"' in again._repr_html_()
    assert repr(again).startswith(
        f"RunResults(folder='runs/{again.folder.parent.name}/{again.folder.name}', global_step=3, "
    )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["trainer.max_stps=3"], r"there is no option 'trainer\.max_stps'; did you mean 'trainer\.max_steps'\?"),
        (["model=dcgann"], r"model=dcgann: there are .*; did you mean 'dcgan'\?"),
        (["model=null"], r"model=null: a run needs a choice of model"),
        (["data.batch_size=5000"], r"data\.batch_size"),
        (["epochs=3"], r"epochs has no meaning here: use trainer\.max_steps"),
    ],
)
def test_errors_are_those_of_the_command_line(
    overrides: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(gan.UserError, match=message) as raised:
        gan.train(*TINY, *overrides)
    assert "\n" not in str(raised.value)
    assert "Error executing job" not in capsys.readouterr().err


def test_a_configuration_is_composed_without_a_run() -> None:
    config = gan.compose("model=sngan", "data.batch_size=16")
    assert (config.data.batch_size, config.name) == (16, "sngan-non_saturating")
    assert config.run_dir.startswith("runs/")
    assert "hydra" not in config
    with pytest.raises(gan.UserError, match=r"did you mean 'data\.batch_size'"):
        gan.compose("data.batchsize=16")


def test_importing_the_package_imports_no_torch() -> None:
    code = "import sys, gan; gan.compose(); assert 'torch' not in sys.modules; print(sorted(gan.__all__))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['UserError', 'compose', 'load', 'train']\n"


def test_pictures_replace_each_other_in_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    display = pytest.importorskip("IPython.display", reason="IPython is not installed: pip install -e '.[dev]'")
    shown: list[Any] = []

    class Handle:
        def update(self, image: Any) -> None:
            shown.append(("update", image.alt))

    def show(image: Any, display_id: bool) -> Handle:
        assert display_id
        shown.append(("display", image.alt))
        return Handle()

    monkeypatch.setattr(display, "display", show)
    logger = NotebookLogger()
    for name, step in (("samples", 2), ("samples", 4), ("neighbors", 4)):
        logger.log_picture(name, torch.zeros(1, 4, 4, dtype=torch.uint8), step)
    assert shown == [
        ("display", "samples at step 2"),
        ("update", "samples at step 4"),
        ("display", "neighbors at step 4"),
    ]
