"""conf/sweep.yaml: W&B's own parser and schema take it, and what its agent then starts is a run of train.py."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import wandb
from omegaconf import OmegaConf
from wandb import wandb_agent
from wandb.sdk.launch.sweeps.utils import load_sweep_config

from tests.conftest import ROOT, run_here
from tests.test_conf import choices, composed

SWEEP: dict[str, Any] = load_sweep_config(str(ROOT / "conf" / "sweep.yaml")) or {}


@pytest.fixture(scope="module")
def sweeps() -> Any:
    """W&B's package that checks and samples sweeps; its server and its local controller use it."""
    return pytest.importorskip("sweeps", reason="W&B's package sweeps is not installed: pip install -e '.[dev]'")


@pytest.mark.filterwarnings("ignore:Valid config keys have changed")
def test_the_schema_takes_it(sweeps: Any) -> None:
    assert sweeps.schema_violations_from_proposed_config(SWEEP) == []
    broken = SWEEP | {"metric": {"name": "val/fd_classifier", "goal": "smaller"}}
    assert sweeps.schema_violations_from_proposed_config(broken), "it would tell"
    assert (ROOT / SWEEP["program"]).is_file()


def test_its_losses_are_there() -> None:
    assert set(SWEEP["parameters"]["loss"]["values"]) <= set(choices("loss"))


def test_its_metric_is_the_score_that_is_logged() -> None:
    config = composed("model=dcgan", "data=mnist5k")
    assert SWEEP["metric"]["name"] == "val/fd_classifier"
    assert config.metric.features._target_.endswith("Classifier")
    assert next(iter(config.metric.measures)) == "frechet"


def command_of_agent(parameters: dict[str, Any], folder: Path) -> list[str]:
    """Return what W&B's agent starts for the parameters that its server sends."""
    started: list[list[str]] = []
    agent = SimpleNamespace(
        _sweep_command=list(SWEEP["command"]),
        _in_jupyter=False,
        _function=None,
        _forward_signals=False,
        _run_processes={},
    )
    message = {"run_id": "abc", "program": SWEEP["program"], "args": parameters}

    def start(command: list[str], **_: Any) -> Any:
        started.append(command)
        return SimpleNamespace(last_sigterm_time=None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wandb_agent, "AgentProcess", start)
        for name in (wandb.env.DIR, wandb.env.SWEEP_ID, wandb.env.RUN_ID, wandb.env.SWEEP_PARAM_PATH):
            patch.setenv(name, "x")  # so that they are put back
        patch.setenv(wandb.env.DIR, str(folder))
        wandb_agent.Agent._command_run(agent, message)
    return started[0]


@pytest.mark.filterwarnings("ignore:Valid config keys have changed")
def test_what_the_agent_starts_trains_with_what_was_picked(sweeps: Any, tmp_path: Path) -> None:
    sent = json.loads(json.dumps(sweeps.next_run(SWEEP | {"method": "random"}, []).config))  # as a server sends it
    picked = {key: item["value"] for key, item in sent.items()}
    assert picked.keys() == SWEEP["parameters"].keys()
    env, python, program, *options = command_of_agent(sent, tmp_path)
    assert (env, python, program) == ("/usr/bin/env", "python", "train.py")
    assert not [option for option in options if option.startswith("-")], "Hydra's options have no hyphens"
    folder = tmp_path / "run"
    run = run_here(program, *options, "debug=fast", "trainer=cpu", f"hydra.run.dir={folder}", folder=folder)
    assert run.status == 0, run.err
    config = OmegaConf.create(run.results["config"])
    for key, value in picked.items():
        if key != "loss":
            assert OmegaConf.select(config, key) == pytest.approx(value), key
    assert config.name == f"dcgan-{picked['loss']}"
    assert config.callbacks.stop.patience == 3
    assert SWEEP["metric"]["name"].removeprefix("val/") in run.results["scores"]["2"]
