"""conf/sweep.yaml: valid for W&B's parser and schema, and its agent's commands are runs of train.py."""

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


@pytest.mark.filterwarnings("ignore:Valid config keys have changed")
def test_schema() -> None:
    """Checked by the package that W&B's server uses. It requires NumPy below 2, unlike our other dependencies."""
    sweeps = pytest.importorskip("sweeps", reason="needs W&B's schema: pip install --no-deps sweeps")
    assert sweeps.schema_violations_from_proposed_config(SWEEP) == []
    broken = SWEEP | {"metric": {"name": "val/fd_classifier", "goal": "smaller"}}
    assert sweeps.schema_violations_from_proposed_config(broken), "errors are found"
    assert (ROOT / SWEEP["program"]).is_file()


def test_losses_exist() -> None:
    assert set(SWEEP["parameters"]["loss"]["values"]) <= set(choices("loss"))


def test_metric_is_logged() -> None:
    config = composed("model=dcgan", "data=mnist5k")
    assert SWEEP["metric"]["name"] == "val/fd_classifier"
    assert config.metric.features._target_.endswith("Classifier")
    assert next(iter(config.metric.measures)) == "frechet"


def command_of_agent(parameters: dict[str, Any], folder: Path) -> list[str]:
    """Return the command that W&B's agent starts for parameters from the server."""
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
            patch.setenv(name, "x")  # restored afterwards
        patch.setenv(wandb.env.DIR, str(folder))
        wandb_agent.Agent._command_run(agent, message)
    return started[0]


def pick(index: int) -> dict[str, Any]:
    """Pick a value of each parameter: one of its list, or one end of its range."""
    return {
        key: options["values"][index % len(options["values"])]
        if "values" in options
        else options[("min", "max")[index]]
        for key, options in SWEEP["parameters"].items()
    }


@pytest.mark.parametrize("index", [0, 1])
def test_agents_train_with_the_chosen_options(index: int, tmp_path: Path) -> None:
    picked = pick(index)
    sent = json.loads(json.dumps({key: {"value": value} for key, value in picked.items()}))  # the server's format
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
