"""Trust: which classes a configuration from a file may name, where, and where their parts may write."""

import inspect
import sys
from collections.abc import Iterator
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, get_args

import pytest
import torch
from pytorch_lightning import Callback
from pytorch_lightning.loggers import Logger

import gan
from gan.checkpoint import exported
from gan.checkpoint.accept import accept, packages_to_trust
from gan.checkpoint.contents import FORMAT
from gan.checkpoint.reading import SAMPLED
from gan.checkpoint.trust import LIGHTNING_CLASSES, Trust, UntrustedError, local_trust
from gan.config import compose_config
from gan.errors import UserError
from gan.features.base import FeatureExtractor
from gan.instantiate import signature
from gan.metrics.evaluator import Evaluator
from gan.resolve import RESUMED
from gan.runs.folder import OutputPath
from gan.substitution import get_value, keep_references, set_value, substitute
from tests.conftest import run_here
from tests.faults.gadgets import GADGETS, PLACES, SPECIAL_KEYS, Canary, arguments, resolver_text, resolvers, settings
from tests.test_conf import choices, model_in_command, usual_model
from tests.test_conf import composed as composed_with_examples

FOLDER = Path("/nowhere/run")


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    """Configuration of a run, as its checkpoint has it."""
    return keep_references(compose_config("train", ["name=x", f"run_dir={FOLDER}", "logger=[wandb,tensorboard]"]))


@pytest.fixture
def config(composed: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(composed)


@pytest.fixture
def values(composed: dict[str, Any]) -> dict[str, Any]:
    """Configuration of a run without references, as an export has it."""
    return substitute(composed)


@pytest.fixture
def nothing_happens(tmp_path: Path) -> Iterator[Path]:
    """A path that must not be made; and no module outside this package and torch may be imported."""
    before = set(sys.modules)
    yield tmp_path / "marker"
    imported = {name for name in set(sys.modules) - before if not name.startswith(("gan.", "torch.", "tests."))}
    assert not (tmp_path / "marker").exists()
    assert not imported & {"pandas", "joblib", "sympy", "torch.package", "torch.utils.benchmark"}


def refusal(config: dict[str, Any], trust: Trust | None = None) -> str:
    """Return the line with which resuming a run refuses a configuration."""
    kinds = {key: hint for key, hint in {**RESUMED, "metric": Evaluator}.items() if key in config}
    with pytest.raises(UserError) as error:
        accept(config, kinds, trust or Trust(), config, FOLDER)
    line = str(error.value)
    assert "\n" not in line
    assert len(line) < 500
    return line


def test_own_runs_are_accepted(config: dict[str, Any]) -> None:
    assert accept(config, RESUMED, Trust(), folder=FOLDER) == config
    assert accept(config, SAMPLED, Trust()) == config
    assert packages_to_trust(config, RESUMED, FOLDER) == []


GROUPS = [
    "model",
    "loss",
    "data",
    "augment",
    "schedule",
    "optimizer",
    "metric",
    "metric/features",
    "callbacks",
    "logger",
]


@pytest.mark.long
@pytest.mark.parametrize("group", [*GROUPS, "experiment", "loss/regularizers", "loss/generator_regularizers"])
def test_runs_of_every_choice_are_accepted(group: str) -> None:
    for choice in choices(group):
        overrides = [f"{group}=[{choice}]" if group.endswith("regularizers") else f"{group}={choice}"]
        overrides += [f"model={usual_model(choice)}"] if group == "loss" else []
        overrides += [f"model={model_in_command(group, choice) or 'dcgan'}"] if group == "data" else []
        saved = keep_references(composed_with_examples(*overrides, f"run_dir={FOLDER}"))
        assert packages_to_trust(saved, SAMPLED) == packages_to_trust(saved, RESUMED, FOLDER) == [], choice
        accept(saved, {"metric": Evaluator}, Trust())


@pytest.mark.parametrize("escapes", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "depth", ["name", "extra", "model.latent_dim", "model._args_", "data.deep.list", "logger.wandb.tags"]
)
def test_resolvers_are_refused(
    config: dict[str, Any], nothing_happens: Path, depth: str, escapes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    assert {"oc.env", "oc.create", "oc.decode", "oc.select", "hydra", "now"} <= {*resolvers()}
    canary = Canary(nothing_happens, "SECRET", "hunter2")
    for resolver in resolvers():
        for argument in arguments(canary)[:3]:
            for form in ("{}", "x {}", "${{oc.create:{}}}"):
                value = resolver_text(resolver, argument, escapes, form)
                bad = deepcopy(config)
                set_value(bad, depth, [{"x": [value]}] if depth.endswith(("list", "_args_")) else value)
                line = refusal(bad)
                assert "is more than a reference to a key: refused" in line
                assert "hunter2" not in line


@pytest.mark.parametrize("target", GADGETS, ids=str)
@pytest.mark.parametrize("trusting", [False, True])
def test_gadgets_are_refused(values: dict[str, Any], nothing_happens: Path, target: Any, trusting: bool) -> None:
    """Also if their packages are trusted: only classes of the right kind may be named."""
    if trusting and str(target).startswith(("pandas", "joblib", "sympy")):
        pytest.skip("a trusted package is imported")
    trust = Trust((target.partition(".")[0] or "x",) if trusting and isinstance(target, str) else ())
    for place in PLACES:
        for extra in (
            {},
            {"_partial_": True},
            settings(Canary(nothing_happens)),
        ):
            root = place.partition(".")[0]
            bad = {root: deepcopy(values[root])}
            set_value(bad, place, {"_target_": target, **extra})
            if trusting and target == "pytorch_lightning.profilers.SimpleProfiler" and place == "trainer.profiler":
                continue
            assert any(word in refusal(bad, trust) for word in ("refused", "cannot find"))


@pytest.mark.parametrize(
    ("place", "target", "message"),
    [
        ("model", "gan.loggers.csv.MetricsCSVLogger", "model is not a Trainable but a MetricsCSVLogger"),
        ("model", "gan.losses.adversarial.Hinge", "model is not a Trainable but a Hinge"),
        ("data", "gan.models.dcgan.DCGAN", "data is not a .*DataModule but a DCGAN"),
        ("model.generator", "gan.callbacks.samples.SampleGrid", "model.generator is not a Module but a SampleGrid"),
        ("model.generator", "torch.optim.Adam", "model.generator is not a Module but a Adam"),
        ("model.objective.adversarial", "torch.nn.ReLU", "is not a AdversarialLoss but a ReLU"),
        ("callbacks.new", "pytorch_lightning.loggers.CSVLogger", "callbacks.new is not a Callback but a CSVLogger"),
        ("logger.new", "gan.callbacks.stop.Stop", "logger.new is not a Logger but a Stop"),
        ("metric.features", "gan.features.inception.Inception", "metric.features is not a part but a Inception"),
        ("metric.measures.new", "gan.metrics.evaluator.Evaluator", "is not a Measure but a Evaluator"),
        ("trainer.max_steps", "torch.nn.ReLU", "trainer.max_steps is not a int but a ReLU"),
    ],
)
def test_other_kinds_are_refused_before_they_are_built(
    values: dict[str, Any], place: str, target: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "metrics.csv").write_text("kept")
    set_value(values, place, {"_target_": target, "folder": str(tmp_path)})
    with pytest.raises(UserError, match=message):
        accept(values, {**RESUMED, "metric": Evaluator}, Trust(), folder=FOLDER)
    assert (tmp_path / "metrics.csv").read_text() == "kept"


@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("loss.adversarial", "gan.losses.adversarial.Hinge"),
        ("schedule", "gan.schedules.constant.Constant"),
        ("callbacks.new", "pytorch_lightning.callbacks.LearningRateMonitor"),
        ("optimizer.generator", "torch.optim.Adam"),
    ],
)
def test_partial_is_for_functions_alone(config: dict[str, Any], place: str, target: str) -> None:
    node = {"_target_": target, "_partial_": "optimizer" not in place}
    set_value(config, place, node)
    assert "is " in refusal(config)
    set_value(config, place, node | {"_partial_": "optimizer" in place})
    accept(config, RESUMED, Trust(), config, FOLDER)


@pytest.mark.parametrize("key", SPECIAL_KEYS)
@pytest.mark.parametrize("place", ["model", "model.generator", "data", "callbacks.samples", "loss", "logger"])
def test_other_special_keys_are_refused(config: dict[str, Any], place: str, key: str) -> None:
    set_value(config, f"{place}.{key}", ["x"])
    assert f"{key}" in refusal(config)


def test_layers_of_torch_are_accepted(config: dict[str, Any]) -> None:
    set_value(config, "model.generator", {"_target_": "torch.nn.Linear", "in_features": 3, "out_features": 4})
    set_value(config, "model.discriminator", {"_target_": "torch.nn.modules.linear.Identity"})
    set_value(config, "optimizer.generator", {"_target_": "torch.optim.AdamW", "_partial_": True, "lr": 1.0})
    accept(config, SAMPLED, Trust())


def test_lightnings_parts_are_accepted_when_a_run_is_resumed(config: dict[str, Any]) -> None:
    for module, names in LIGHTNING_CLASSES.items():
        for name in names:
            set_value(
                config, f"{'logger' if 'loggers' in module else 'callbacks'}.{name}", {"_target_": f"{module}.{name}"}
            )
    accept(config, RESUMED, Trust(), config, FOLDER)


# Trust ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A user's package, which can be imported but is not trusted."""
    (tmp_path / "theirs" / "parts").mkdir(parents=True)
    (tmp_path / "theirs" / "__init__.py").write_text("from theirs.parts.losses import Mine\n")
    (tmp_path / "theirs" / "parts" / "__init__.py").touch()
    lines = ["import os", "from torch import nn", "from gan.losses.adversarial import Hinge"]
    lines += ["class Mine(Hinge): pass", "def make(): return Mine()", "class Other: pass"]
    (tmp_path / "theirs" / "parts" / "losses.py").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "theirs"
    for name in [name for name in sys.modules if name.partition(".")[0] == "theirs"]:
        del sys.modules[name]


@pytest.mark.parametrize("name", ["theirs.Mine", "theirs.parts.losses.Mine"])
def test_a_package_is_trusted_by_the_call_alone(config: dict[str, Any], package: str, name: str) -> None:
    set_value(config, "loss.adversarial", {"_target_": name})
    config["trust"] = [package]
    with pytest.raises(
        UntrustedError, match=r"asks for theirs\.\S+ \(at model\.objective\.adversarial\).*--trust theirs"
    ):
        accept(config, SAMPLED, Trust())
    assert package not in sys.modules, "not even imported"
    for trust in (local_trust([package]), local_trust(package), Trust(targets=frozenset({name}))):
        accept(config, SAMPLED, trust)
    assert packages_to_trust(config, SAMPLED) == packages_to_trust(config, RESUMED, FOLDER) == [package]
    with pytest.raises(UserError, match="name a package"):
        local_trust(["--x"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("theirs.parts.losses.make", "no class"),
        ("theirs.parts.losses.Other", "not a AdversarialLoss but a Other"),
        ("theirs.parts.losses.os.system", "cannot find"),
        ("theirs.parts.losses.Hinge", r"defined elsewhere, in gan\.losses\.adversarial"),
        ("theirs.Missing", "cannot find"),
    ],
)
def test_trust_does_not_reach_beyond_classes_of_the_package(
    config: dict[str, Any], package: str, name: str, message: str
) -> None:
    set_value(config, "loss.adversarial", {"_target_": name})
    with pytest.raises(UserError, match=message):
        accept(config, SAMPLED, local_trust([package]))


def test_local_configuration_gives_trust(config: dict[str, Any], package: str, tmp_path: Path) -> None:
    set_value(config, "loss.adversarial", {"_target_": "theirs.Mine"})
    (tmp_path / "conf" / "loss").mkdir(parents=True)
    (tmp_path / "conf" / "loss" / "mine.yaml").write_text("adversarial:\n  _target_: theirs.Mine # a loss\n")
    accept(config, SAMPLED, local_trust(folders=[tmp_path / "conf"]))
    assert package in sys.modules


# Where to write ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("callbacks.samples.folder", "/elsewhere", "${run_dir}/samples"),
        ("callbacks.samples.folder", "${run_dir}/../elsewhere", "${run_dir}/samples"),
        ("callbacks.neighbors.path", "~/.bashrc", "${run_dir}/neighbors.png"),
        ("callbacks.checkpoints.folder", "relative", "${run_dir}/checkpoints"),
        ("logger.wandb.folder", "/elsewhere", "${run_dir}"),
        ("logger.wandb.dir", "/elsewhere", None),
        ("logger.wandb.name", "../../elsewhere", "${name}"),
        ("logger.tensorboard.folder", "/elsewhere", "${run_dir}"),
        ("metric.cache", "/elsewhere", None),
        ("metric.features.cache", "/elsewhere", None),
        ("trainer.default_root_dir", "/elsewhere", None),
    ],
)
def test_paths_to_write_to_are_this_calls(
    config: dict[str, Any], composed: dict[str, Any], key: str, value: str, wanted: str | None
) -> None:
    set_value(config, key, value)
    accepted = accept(config, RESUMED, Trust(), composed, FOLDER)
    found = get_value(accepted, key)
    assert found == (None if wanted is None else wanted.replace("${run_dir}", str(FOLDER)).replace("${name}", "x"))
    own = deepcopy(composed)
    set_value(own, key, "/mine")
    assert get_value(accept(config, RESUMED, Trust(), own, FOLDER), key) == "/mine"


def test_paths_without_a_default_are_refused(config: dict[str, Any], composed: dict[str, Any]) -> None:
    node = {"_target_": "pytorch_lightning.loggers.CSVLogger", "save_dir": "/elsewhere"}
    set_value(config, "logger.csv", node)
    with pytest.raises(
        UserError, match=r"logger\.csv\.save_dir=/elsewhere is not in the folder .* set .* on the command"
    ):
        accept(config, RESUMED, Trust(), composed, FOLDER)
    set_value(config, "logger.csv.save_dir", "${run_dir}/x")
    assert accept(config, RESUMED, Trust(), composed, FOLDER) == config


def test_sampling_writes_nowhere(values: dict[str, Any]) -> None:
    node = {
        "_target_": "gan.features.classifier.Classifier",
        "data": deepcopy(values["data"]),
        "cache": f"{FOLDER}/cache",
    }
    set_value(values, "model.generator", node)
    accepted = accept(values, SAMPLED, Trust())
    assert get_value(accepted, "model.generator.cache") is None


def test_every_path_that_a_part_writes_to_is_annotated() -> None:
    """Arguments with such names of parts that a configuration can name."""
    checked = 0
    for module in walk_packages(gan.__path__, "gan."):
        if not module.name.startswith(("gan.callbacks.", "gan.loggers.", "gan.features.", "gan.metrics.")):
            continue
        for cls in vars(import_module(module.name)).values():
            if not inspect.isclass(cls) or cls.__module__ != module.name:
                continue
            if not issubclass(cls, Callback | Logger | FeatureExtractor | Evaluator):
                continue
            for name, hint in signature(cls).items():
                if name in ("folder", "path", "cache"):
                    checked += 1
                    assert OutputPath in (hint, *get_args(hint)), f"{cls.__name__}.{name}"
    assert checked >= 8


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["checkpoint", "export"])
def hostile(request: pytest.FixtureRequest, config: dict[str, Any], nothing_happens: Path) -> Path:
    """A file whose configuration makes ``nothing_happens`` if it is resolved twice."""
    code = f"{{_target_: pathlib.Path.write_text, _args_: ['{nothing_happens}', x]}}"
    config["model"]["_args_"] = [f"\\${{oc.create:{code}}}"]
    path = nothing_happens.parent / ("x.ckpt" if request.param == "checkpoint" else "generator.safetensors")
    if request.param == "checkpoint":
        contents = {"config": config, "state_dict": {}, "global_step": 1, "batches_seen": 1, "format": FORMAT}
        torch.save(contents, path)
    else:
        exported.write({}, exported.Description(config, 1, True, (1, 28, 28), 100, "normal", 1, {}), path)
    return path


def test_files_with_resolvers_do_nothing(hostile: Path, tmp_path: Path) -> None:
    """The attack of a public report: what was checked was resolved once more afterwards."""
    with pytest.raises(UserError, match=r"model\._args_\[0\]: .* is more than a reference to a key: refused"):
        gan.load(hostile)
    commands = [["-m", "gan.sample", str(hostile), "--out", str(tmp_path / "x.png")]]
    commands += [["-m", "gan.evaluate", str(hostile), "metric/features=classifier", f"out={tmp_path / 'x.json'}"]]
    commands += [["-m", "gan.export", str(hostile), "--out", str(tmp_path / "x")]]
    commands += [
        ["train.py", f"ckpt={hostile}", "trainer.max_steps=9", "logger=none", f"hydra.run.dir={tmp_path / 'r'}"]
    ]
    for command in commands[: 3 if hostile.suffix == ".safetensors" else 4]:
        run = run_here(*command)
        assert (run.status, run.out) == (2, "")
        assert "is more than a reference to a key: refused" in run.err
        assert run.err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} <= {"x.ckpt", "generator.safetensors", "generator.json"}


def test_unknown_trust_is_refused(hostile: Path) -> None:
    run = run_here("-m", "gan.sample", str(hostile), "--trust", "a b")
    assert (run.status, run.err) == (2, "error: trust=a b: name a package, such as trust=[mypkg] or --trust mypkg\n")
