"""Groups that are given null: no schedule, augmentation, callbacks, trackers and regularisers."""

import re
from collections.abc import Callable

import pytest

from gan.config import CONF
from gan.errors import UserError
from gan.null_choice import replace_null
from tests.conftest import Run

Train = Callable[..., Run]

SMALL = ["trainer=cpu", "model.generator.width=8", "data.batch_size=16", "metric.num_samples=64", "trainer.max_steps=2"]


@pytest.mark.parametrize(
    ("argument", "replaced"),
    [
        ("schedule=null", ["schedule=none"]),
        ("schedule=cosine,null", ["schedule=cosine,none"]),
        ("logger=[null]", ["logger=[none]"]),
        ("loss/regularizers=null", ["loss/regularizers=none"]),
        ("experiment=null", []),
        ("~debug", []),
        ("logger=[]", ["logger=none"]),
        ("logger={}", ["logger=none"]),
        ("~callbacks", ["callbacks=none"]),
        ("~augment=diffaug", ["augment=none"]),
        ("~callbacks.neighbors", ["~callbacks.neighbors"]),
        ("callbacks.samples=null", ["callbacks.samples=null"]),
        ("schedule.end=null", ["schedule.end=null"]),
        ("name=null", ["name=null"]),
        ("--multirun", ["--multirun"]),
    ],
)
def test_null_is_the_choice_none(argument: str, replaced: list[str]) -> None:
    assert replace_null([argument], CONF) == replaced


@pytest.mark.parametrize(
    ("argument", "hint"),
    [
        ("loss=null", "there are .*dragan, "),
        ("~data", "there are .*ring8"),
        ("model={}", "there are .*dcgan"),
        ("trainer=[]", "there are cpu"),
        ("metric=null", r"for no scores, set callbacks\.evaluation=null"),
    ],
)
def test_groups_without_which_there_is_no_run(argument: str, hint: str) -> None:
    with pytest.raises(UserError, match=f"{re.escape(argument)}: a run needs a choice of .*; {hint}"):
        replace_null([argument], CONF)


@pytest.mark.parametrize("value", ["3", "1e-3", "true", "False", "nan", "{a: 1}", "[1]", "[none, true]"])
@pytest.mark.parametrize("group", ["model", "logger", "loss/regularizers", "experiment"])
def test_a_value_that_names_no_choice(group: str, value: str) -> None:
    with pytest.raises(UserError, match=re.escape(f"{group}={value}: {group} is a choice; there are ")):
        replace_null([f"{group}={value}"], CONF)


def test_a_run_without_anything_that_can_be_left_out(train: Train) -> None:
    nothing = [f"{group}=null" for group in ("schedule", "augment", "callbacks", "logger")]
    nothing += ["loss/regularizers=null", "loss/generator_regularizers=null"]
    run = train("loss=wgan_gp", *nothing, *SMALL)
    assert run.status == 0, run.err
    config = run.results["config"]
    assert [config["schedule"], config["augment"], config["callbacks"], config["logger"]] == [None, None, None, {}]
    assert config["loss"]["regularizers"] is config["loss"]["generator_regularizers"] is None
    assert run.results["global_step"] == 2
    assert {path.name for path in run.folder.iterdir()} == {"config.yaml", "report.html", "results.json", "train.log"}
    assert "Resume" not in run.out


def test_a_resumed_run_can_leave_its_schedule_out(train: Train) -> None:
    run = train("schedule=linear", "logger=null", "callbacks.evaluation=null", *SMALL)
    again = train(f"ckpt={run.folder}", "schedule=null", "trainer.max_steps=3")
    assert again.status == 0, again.err
    assert again.results["config"]["schedule"] is None
