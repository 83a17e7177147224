"""Options of resumed runs."""

from typing import Any

import pytest

from gan.errors import UserError
from gan.resume_options import admit_saved_options, changes, resumed
from gan.substitution import get_value, set_value, substitute


def test_a_resumed_run_keeps_its_options_except_overrides() -> None:
    base: dict[str, Any] = {
        "ckpt": None,
        "run_dir": "new",
        "loss": {"k": 1, "name": "a"},
        "model": {"k": "${loss.k}"},
        "x": 1,
    }
    base |= {"folder": "${run_dir}/samples", "trust": []}
    composed = {**base, "ckpt": "c", "loss": {"k": 7, "name": "b"}, "x": 2, "trust": ["mine"]}
    saved = {**base, "run_dir": "old", "x": 3, "trust": ["theirs"]}
    config = resumed(saved, composed, ["loss.k=7", "hydra.run.dir=y"])
    assert config["model"]["k"] == "${loss.k}", "a later resume can still change it"
    values = substitute(config)
    assert (values["loss"], values["model"]["k"], values["x"]) == ({"k": 7, "name": "a"}, 7, 3)
    assert (values["ckpt"], values["run_dir"], values["folder"]) == ("c", "new", "new/samples")
    assert values["trust"] == ["mine"], "whom to trust is never taken from a file"
    assert saved["loss"] == {"k": 1, "name": "a"}
    assert resumed(saved, composed, ["x=2"])["x"] == 2
    for override in ("experiment=e", "debug=fast", "loss=b", "~x"):
        with pytest.raises(UserError, match="resumed run"):
            resumed(saved, composed, [override])


PART = {"_target_": "gan.losses.regularizers.GradientPenalty", "weight": 10.0}
RUN: dict[str, Any] = {
    "seed": 0,
    "evaluate": {"every_n_steps": 200},
    "data": {"_target_": "gan.data.image_folder.ImageFolder", "path": "images"},
    "loss": {"_target_": "gan.losses.objective.Objective", "regularizers": {"gradient_penalty": PART}},
    "optimizer": {"generator": {"_target_": "torch.optim.Adam", "lr": 2e-4}},
    "callbacks": {"neighbors": None, "samples": {"_target_": "gan.callbacks.sample_grid.SampleGrid", "num": 64}},
    "trainer": {"max_steps": 4},
    "schedules": {},
}


@pytest.mark.parametrize(
    "override",
    [
        *("++data.path=moved", "++loss.regularizers.gradient_penalty.weight=5", "callbacks.samples.num=9"),
        *("++trainer.min_steps=2", "++data.rotate=3", "newest=1", "evaluate.newest=1", "+callbacks.mine.x=1"),
        "hydra.job.chdir=true",
    ],
)
def test_options_that_a_run_has_or_its_parts_can_take(override: str) -> None:
    key, _, value = override.lstrip("+").partition("=")
    composed: dict[str, Any] = {}
    set_value(composed, key, value)
    config = resumed(RUN, composed, [override])
    changed = [line.split(": ")[0] for line in changes(RUN, config)]
    assert changed == ([] if key.startswith("hydra") else [key])
    assert get_value(config, key) == (None if key.startswith("hydra") else value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("++data.pth.x=3", None),  # a part's signature is checked later
        ("++callbacks.smaples.num=3", "no option 'callbacks.smaples.num'; did you mean 'callbacks.samples.num'?"),
        ("callbacks.neighbors.num=3", "no option 'callbacks.neighbors.num'"),
        ("++evaluate.evry=3", "no option 'evaluate.evry'"),
        ("++optimizer.lr=3", "optimizer.lr has no meaning here: use optimizer.generator.lr"),
        ("++nothing.at.all=3", "no option 'nothing.at.all'"),
    ],
)
def test_options_that_a_run_lacks(override: str, message: str | None) -> None:
    if message is None:
        resumed(RUN, {}, [override])
        return
    with pytest.raises(UserError) as error:
        resumed(RUN, {}, [override])
    assert message in str(error.value)


def test_what_a_resume_changes_is_listed() -> None:
    after = {
        **RUN,
        "seed": 1,
        "ckpt": "r",
        "run_dir": "r",
        "trust": ["a"],
        "trainer": {"max_steps": 9, "accelerator": "cpu"},
    }
    after["callbacks"] = {"neighbors": RUN["callbacks"]["samples"], "samples": None}
    assert changes(RUN, after) == [
        "seed: 0 -> 1",
        "callbacks.neighbors: null -> gan.callbacks.sample_grid.SampleGrid",
        "callbacks.samples: gan.callbacks.sample_grid.SampleGrid -> null",
        "trainer.max_steps: 4 -> 9",
        "trainer.accelerator: null -> cpu",
    ]
    assert changes(RUN, RUN) == []


def test_a_group_is_replaced_as_a_whole_also_in_another_package() -> None:
    composed = {"trainer": {"accelerator": "cpu"}, "schedules": {"generator": {"end": 0.0}}}
    config = resumed(RUN, composed, ["trainer=cpu", "schedule@schedules.generator=linear"])
    assert (config["trainer"], config["schedules"]) == (composed["trainer"], composed["schedules"])


@pytest.mark.parametrize(
    ("arguments", "admitted"),
    [
        (["ckpt=r", "data.path=moved", "seed=1"], ["ckpt=r", "++data.path=moved", "seed=1"]),
        (["trainer.max_steps=4", "ckpt=r"], ["trainer.max_steps=4", "ckpt=r"]),
        (
            ["data=image_folder", "data.path=moved", "ckpt=r", "-m"],
            ["data=image_folder", "data.path=moved", "ckpt=r", "-m"],
        ),
        (
            ["optimizer=adam,rmsprop", "x.y=a,b", "ckpt=r", "-m"],
            ["optimizer=adam,rmsprop", "++x.y=a,b", "ckpt=r", "-m"],
        ),
        (["data.path=moved"], ["data.path=moved"]),
        (["data.path=moved", "ckpt=null"], ["data.path=moved", "ckpt=null"]),
        (
            ["++x.y=1", "+x.y=1", "~x.y=1", "hydra.x.y=1", "ckpt=r"],
            ["++x.y=1", "+x.y=1", "~x.y=1", "hydra.x.y=1", "ckpt=r"],
        ),
    ],
)
def test_a_command_line_that_resumes_may_set_what_only_the_run_has(arguments: list[str], admitted: list[str]) -> None:
    assert admit_saved_options(arguments, "train") == admitted
