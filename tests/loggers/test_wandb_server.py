"""Online tracking with a W&B-compatible server on loopback, and an outage in the middle of a run."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from urllib.request import urlopen

import pytest
import wandb

from gan.loggers.wandb import WeightsAndBiases
from tests.cluster.conftest import free_port
from tests.conftest import TINY, Run, run_python

PROGRAM = os.environ.get("OPENWANDB") or shutil.which("openwandb")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        PROGRAM is None, reason="pip install openwandb in an environment of its own; name the program in OPENWANDB"
    ),
]
TIMEOUT = 4.0  # seconds


class Server:
    """The server as a process, which can be stopped and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.variables = {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": "a" * 40}
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [str(PROGRAM), "serve", "--host", "127.0.0.1", "--port", str(self.port), "--data-dir"]
        nothing = subprocess.DEVNULL
        self.process = subprocess.Popen([*command, str(self.folder)], stdout=nothing, stderr=nothing)
        for _ in range(300):
            try:
                urlopen(self.url, timeout=1).close()
                return
            except OSError:
                sleep(0.1)
        raise TimeoutError("openwandb does not start")

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "server")
    yield server
    server.stop()
    wandb.teardown()  # the next server has another address


def test_everything_arrives(server: Server, tmp_path: Path) -> None:
    steps = ["trainer.max_steps=4", "trainer.log_every_n_steps=2", "evaluate.every_n_steps=2", "id=run1"]
    options = [*TINY, *steps, "logger=wandb", f"hydra.run.dir={tmp_path / 'run'}"]
    done: Run = run_python("train.py", *options, folder=tmp_path / "run", fresh=True, **server.variables)
    assert done.status == 0, done.err
    assert f"W&B      {server.url}/default/gan/runs/run1" in done.out
    (files,) = (server.folder / "files").rglob("run1")
    for media in ("images/samples_*.png", "images/neighbors_*.png", "table/scores_*.json", "html/report_*.html"):
        assert list((files / "media").glob(media)), media
    history = (files / "wandb-history.jsonl").read_text()
    assert "val/fd_classifier" in history
    assert "train/d/adversarial" in history
    with closing(sqlite3.connect(server.folder / "openwandb.db")) as database:  # it records artifacts, not their files
        query = "SELECT metadata_json FROM artifacts WHERE name = 'checkpoint-run1' AND artifact_type = 'model'"
        ((metadata,),) = database.execute(query).fetchall()
    assert json.loads(metadata)["score"] == done.results["score"]


@pytest.mark.parametrize("comes_back", [False, True])
def test_an_outage_costs_at_most_the_timeout(
    server: Server,
    tmp_path: Path,
    comes_back: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("gan.loggers.wandb.upload_run", lambda *_: None)
    monkeypatch.setattr("gan.loggers.wandb.log_checkpoint", lambda *_: None)
    tracker = WeightsAndBiases(str(tmp_path), "gan", id="run2", timeout=TIMEOUT)
    tracker.log_metrics({"a": 1.0}, 1)
    assert not tracker.experiment.offline
    server.stop()
    start = monotonic()
    for step in range(2, 200):
        tracker.log_metrics({"a": float(step)}, step)
    assert monotonic() - start < 1, "training goes on"
    if comes_back:
        server.start()
    start = monotonic()
    tracker.close(tmp_path)
    assert monotonic() - start < TIMEOUT + 2
    said = capsys.readouterr().out
    if comes_back and server.url in said:
        (history,) = (server.folder / "files").rglob("wandb-history.jsonl")
        assert '"a":199' in history.read_text().replace(" ", "")
    else:
        assert "W&B      wandb sync " in said
        assert "run2" in said
