"""Code, commands, paths and links in the README and in docs/."""

import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig
from PIL import Image

import gan
from gan import api
from gan.config import compose_config
from gan.instantiate import build
from gan.null_choice import replace_null
from gan.resolvers import register_resolvers
from tests.conftest import ROOT, TINY, run_here
from tests.test_conf import find_options

SOURCES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in SOURCES}
GUIDES = "docs/guides/adding-a-part/"

FILE = re.compile(r"^`((?:src|conf)/\S+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILES = {path: text for page in PAGES.values() for path, text in FILE.findall(page)}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[str]:
    """List the commands of a page's bash blocks, a ``&&`` chain as one command per part."""
    lines = [line for block in blocks(page, "bash") for line in block.splitlines() if not line.startswith("#")]
    return [part.strip() for line in lines for part in line.split(" && ")]


COMMANDS = list(dict.fromkeys(command for page in PAGES.values() for command in commands(page)))
SNIPPETS = [code for page in PAGES.values() for code in blocks(page, "python") if code not in FILES.values()]

TRAIN = re.compile(r"^(?:OMP_NUM_THREADS=1 )?(?:python|torchrun --nproc-per-node=2) train\.py (.*)$")
VERB = re.compile(r"^(?:python|torchrun --nproc-per-node=2) -m gan\.(\w+) ?(.*)$")
INSTALL = re.compile(r'^pip install -e "?\.(?:\[(\w+)\])?"?$')
OTHER = re.compile(
    r"^(?:pytest(?: -m long)?|python docs/generate\.py|python3 -m venv \.venv|source \.venv/bin/activate|\w+='[^']*')$"
)

NO_WIDTH = ("multi_gan", "cyclegan_digits", "muse", "muse_text")
"""Runs whose model has no width of its generator, or one for each of several."""
TRANSLATOR = "12-00-00-cyclegan_digits"
"""Name of a run whose model translates images, and in both directions."""

TRAINED = [command for command in COMMANDS if TRAIN.match(command)]
VERBS = [command for command in COMMANDS if VERB.match(command)]
OF_NEW_PARTS = {command for name, page in PAGES.items() if name.startswith(GUIDES) for command in commands(page)}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project and add the files that the guides show."""
    project = tmp_path_factory.mktemp("copy") / "project"
    project.mkdir()
    for folder in ("conf", "src", "tests"):
        shutil.copytree(ROOT / folder, project / folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for file in ("train.py", "pyproject.toml"):
        shutil.copy(ROOT / file, project)
    for path, text in FILES.items():
        assert not (project / path).exists(), "an added part must not replace one"
        (project / path).write_text(text)
    return project


def in_copy(copy: Path, cache: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy of the project."""
    environment = {"PYTHONPATH": str(copy / "src"), "PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(cache)}
    environment["OMP_NUM_THREADS"] = "1"
    return subprocess.run([sys.executable, *command], cwd=copy, env=environment, capture_output=True, text=True)


# Files of added parts ------------------------------------------------------------------------------------------------


def test_the_guides_show_a_python_and_a_yaml_file_per_part() -> None:
    parts = {
        "src/gan/augment": "conf/augment",
        "src/gan/callbacks": "conf/callbacks",
        "src/gan/data": "conf/data",
        "src/gan/features": "conf/metric/features",
        "src/gan/losses": "conf/loss",
        "src/gan/metrics": "conf/metric",
        "src/gan/models": "conf/model",
        "src/gan/schedules": "conf/schedule",
    }
    folders = {Path(path).parent.as_posix() for path in FILES}
    assert folders == {*parts, *parts.values(), "conf/loss/regularizers", "conf/loss/generator_regularizers"}
    names = sorted(Path(path).stem for path in FILES)
    assert names == sorted(2 * sorted(set(names))), "each Python file has a YAML file of its name"


def test_added_parts_train(copy: Path, tmp_path: Path) -> None:
    options = ["model=feature_matching_gan", "loss=exponential", "loss/regularizers=[zero_centered]", "data=stripes"]
    options += ["metric=[mean_distance]", "metric/features=thumbnail", "callbacks=weight_norm", "augment=fade"]
    options += [
        "loss/generator_regularizers=[total_variation]",
        "schedule=halving",
        "debug=fast",
        "trainer=cpu",
        f"hydra.run.dir={tmp_path}",
    ]
    run = in_copy(copy, tmp_path, "train.py", *options)
    assert run.returncode == 0, run.stderr
    header = (tmp_path / "metrics.csv").read_text().splitlines()[0].split(",")
    logged = (
        "train/g/matching",
        "train/d/zero_centered",
        "train/g/total_variation",
        "train/g/row_variation",
        "val/mean_distance_thumbnail",
        "weights/generator",
    )
    assert set(logged) <= set(header)
    imported = in_copy(copy, tmp_path, "-c", "import gan; print(gan.__file__)")
    assert str(copy) in imported.stdout, "the copy is what ran"


def test_added_parts_are_clean(copy: Path, tmp_path: Path) -> None:
    paths = [path for path in FILES if path.endswith(".py")]
    for command in (["check"], ["format", "--check"]):
        done = in_copy(copy, tmp_path, "-m", "ruff", *command, *paths)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_added_parts_are_typed(copy: Path, tmp_path: Path) -> None:
    done = in_copy(copy, tmp_path, "-m", "mypy", *(path for path in FILES if path.endswith(".py")))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_tests_of_conf_cover_added_parts(copy: Path, tmp_path: Path) -> None:
    names = " or ".join(sorted({Path(path).stem for path in FILES}))
    done = in_copy(copy, tmp_path, "-m", "pytest", "-n0", "-m", "not long", "tests/test_conf.py", "-k", names)
    assert done.returncode == 0, done.stdout + done.stderr


# Options of commands -------------------------------------------------------------------------------------------------


def test_every_command_is_checked() -> None:
    """Commands in ``bash`` blocks are checked below; text beside ``sh`` blocks says whether and when they were run."""
    unchecked = [c for c in COMMANDS if not any(kind.match(c) for kind in (TRAIN, VERB, INSTALL, OTHER))]
    assert not unchecked
    for name, page in PAGES.items():
        for match in re.finditer(r"([^\n]+\n\n)?^```sh\n.*?^```\n(\n(?:[^\n]+\n)+)?", page, re.MULTILINE | re.DOTALL):
            context = page[max(0, match.start() - 400) : match.end() + 1500]
            assert re.search(r"run on \d{4}-\d\d-\d\d|not (?:been )?run|tests/", context), (name, match.group())


def test_extras_exist() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    shown = re.findall(r'pip install -e "\.\[(\w+)\]"', "".join(PAGES.values()))
    assert set(shown) <= extras.keys()


def overrides_of(command: str) -> list[str]:
    """Return the overrides of a training command; of a sweep, those of its first run."""
    match = TRAIN.match(command)
    assert match is not None
    words = [word for word in shlex.split(match.group(1)) if word != "-m"]
    parsed = OverridesParser.create().parse_overrides(words)
    return [first_of(override) for override in parsed if "glob(" not in (override.input_line or "")]


def first_of(override: Override) -> str:
    """Return an override, or the first one that a sweep makes of it."""
    if not override.is_sweep_override():
        return override.input_line or ""
    if override.is_interval_sweep():
        return f"{override.get_key_element()}={override._value.start}"  # type: ignore[union-attr]  # checked above
    return f"{override.get_key_element()}={next(override.sweep_string_iterator())}"


def composed(conf: Path, overrides: list[str]) -> DictConfig:
    register_resolvers()
    with initialize_config_dir(str(conf), version_base="1.3"):
        config = compose("train", ["name=test", "run_dir=nowhere", *replace_null(overrides, conf)])
    if config.data.get("num_classes", 1) is None:  # found in a folder, and there is none
        config.data.num_classes = 2
    return config


@pytest.mark.long
@pytest.mark.parametrize("command", [command for command in TRAINED if "ckpt=" not in command])
def test_options_of_training_exist(command: str, copy: Path) -> None:
    overrides = [override for override in overrides_of(command) if not override.startswith("name=")]
    config = composed(copy / "conf", overrides)
    reads_files = re.search(r"data=\w*(captions|text) .*=FOLDER|=[A-Z]+\.txt", command)  # to find the vocabulary
    if command not in OF_NEW_PARTS and not reads_files:  # the classes of new parts are in the copy only
        build(config.data)
        find_options(config)
        build(config.model)


@pytest.mark.parametrize("command", VERBS)
def test_arguments_of_commands_parse(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = ArgumentParser.parse_args

    def parse_only(self: ArgumentParser, *args: Any, **kwargs: Any) -> None:
        parse(self, *args, **kwargs)
        sys.exit(0)

    monkeypatch.setattr(ArgumentParser, "parse_args", parse_only)
    match = VERB.match(command)
    assert match is not None
    verb, words = match.group(1), shlex.split(match.group(2))
    run = run_here("-m", f"gan.{verb}", *words)
    assert run.status == 0, run.err
    if verb == "evaluate":
        compose_config("evaluate", [word for word in words if "=" in word])


# Commands, run -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Callable[[str], Path]:
    """Return a function from a documented run's name, such as 12-00-00-vae-elbo, to the folder of a small run."""
    parent = tmp_path_factory.mktemp("runs")

    def folder_of(name: str) -> Path:
        folder = parent / name
        if not folder.exists():
            model, _, loss = re.sub(r"^\d\d-\d\d-\d\d-", "", name).partition("-")
            choices = [f"model={model}", f"loss={loss}"] if loss else [f"experiment={model}"]
            small = [option for option in TINY if "width" not in option or model not in NO_WIDTH]
            if model == "muse_text":
                small += [*texts(parent), "metric=[csls]"]
            if model.endswith("_folder"):
                small += [f"data.path={photos}/photos", "metric/features=efficientnet_lite0"]
            run = run_here("train.py", *choices, *small, "debug=fast", f"hydra.run.dir={folder}")
            assert run.status == 0, run.err
        return folder

    return folder_of


def texts(folder: Path) -> list[str]:
    """Write texts of two languages that have the documentation's words, and return the options that name them."""
    random, options = Random(0), []
    for side, words in (("source", ["house", "water"]), ("target", ["haus", "wasser"])):
        words += [f"{words[0]}{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(220)]
        lines = (" ".join(random.choices(words, k=10)) for _ in range(600))
        (folder / f"{side}.txt").write_text("\n".join(lines))
        options.append(f"data.{side}_path={folder / side}.txt")
    return options


def with_small_runs(text: str, runs: Callable[[str], Path]) -> str:
    """Replace the documentation's runs by small ones."""
    text = re.sub(r"runs/2026-01-31/(\d\d-\d\d-\d\d-\w+(?:-\w+)?)", lambda match: str(runs(match.group(1))), text)
    return re.sub(r"\bruns/2026-01-31\b", lambda _: str(runs("12-00-00-cgan-wgan_gp").parent), text)


@pytest.mark.long
@pytest.mark.parametrize("code", SNIPPETS)
def test_python_snippets_run(
    code: str, runs: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small = [option for option in TINY if not option.startswith("logger=")] + ["trainer.max_steps=1"]
    train = api.train
    monkeypatch.setattr(api, "train", lambda *overrides, **objects: train(*overrides, *small, **objects))
    if "gan.train(" in code:
        monkeypatch.chdir(tmp_path)
    if ".translate(" in code:
        code = code.replace("RUN", str(runs(TRANSLATOR)))
        monkeypatch.chdir(sources(tmp_path))
    code = with_small_runs(code, runs)
    if "projection.npz" in code:
        monkeypatch.chdir(tmp_path)
        folder = re.search(r'gan\.load\("(.*?)"\)', code)
        assert folder is not None
        np.savez(
            "projection.npz",
            **{name: x.numpy() for name, x in (gan.load(folder.group(1)).inputs(1).noise or {}).items()},
        )
    exec(compile(code, "snippet", "exec"), {})


def reason_to_skip(command: str) -> str | None:
    """Return why a command cannot be run on every machine, even with small settings; None if it can."""
    if "VGG16Maps" in command:
        return "needs weights of VGG16; see tests/nn/pretrained"
    if "hydra/launcher=slurm" in command:
        return "needs Slurm; see tests/cluster"
    if "trainer=gpu" in command:
        return "needs a GPU"
    if "torchrun" in command or "trainer=ddp" in command:
        return "starts processes; see tests/distributed"
    if "data=mnist " in command or "_cifar10" in command or "torchvision.MNIST" in command:
        return "downloads a data set"
    if re.search(r"=(FOLDER|[A-Z]+\.txt)", command):
        return "needs files of a layout of its own; see tests/data"
    return None


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 160 small photos of two classes to each folder that the documentation names."""
    parent = tmp_path_factory.mktemp("photos")
    for number in range(160):
        for folder in ("photos", "photos-split/train", "photos-split/test"):
            path = parent / folder / ("cats", "dogs")[number % 2] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (40, 32), (number, 255 - number, 128)).save(path)
    return parent


@pytest.mark.long
@pytest.mark.parametrize("command", [command for command in TRAINED if command not in OF_NEW_PARTS])
def test_training_commands_run_two_steps(
    command: str, runs: Callable[[str], Path], photos: Path, tmp_path: Path
) -> None:
    """Commands of added parts are left out; these parts are trained together in a test above."""
    if reason := reason_to_skip(command):
        pytest.skip(reason)
    overrides = overrides_of(with_small_runs(command, runs))
    if "data=image_folder" in overrides or "experiment=stylegan2_folder" in overrides:
        overrides = [re.sub(r"path=(photos|cifar10)/", f"path={photos}/photos-split/", o) for o in overrides]
        overrides = [o.replace("data.path=photos", f"data.path={photos}/photos") for o in overrides]
        overrides = [o.replace("data.num_classes=10", "data.num_classes=2") for o in overrides]
        if not any(o.startswith("metric/features=") for o in overrides):
            overrides.append("metric/features=efficientnet_lite0")  # Inception's weights would be downloaded
    if any("logger.wandb" in o for o in overrides):
        overrides.append("logger=wandb")
    overrides = [o for o in overrides if not o.startswith(("hydra", "trainer.max_", "evaluate."))]
    overrides += ["trainer.max_steps=4"] if "ckpt=" in command else ["debug=fast", f"hydra.run.dir={tmp_path}"]
    overrides += ["trainer.accelerator=cpu", "data.batch_size=16", "metric.num_samples=32"]
    if not re.search(r"metric|experiment|patience|ckpt", command):
        overrides += ["callbacks.evaluation=null", "callbacks.neighbors=null"]
    run = run_here("train.py", *overrides)
    assert run.status == 0, run.err


@pytest.mark.long
@pytest.mark.parametrize("command", [c for c in VERBS if not re.search(r"torchrun|gan\.(demo|benchmark|course)", c)])
def test_commands_run(command: str, runs: Callable[[str], Path], tmp_path: Path) -> None:
    """Servers, benchmarks and the course have tests of their own; torchrun has tests/distributed."""
    if reason := reason_to_skip(command):
        pytest.skip(reason)
    small = runs(run_for(command))
    command = re.sub(r"(?<= )[A-Z][A-Z_\d]*(?= |$)", str(small), with_small_runs(command, runs))
    command = re.sub(r"(-n|--num) \d{3,}", r"\1 20", command)
    command = re.sub(r" (digit\.png|samples/|reals/|photos/)", rf" {tmp_path}/\1", command)
    command = re.sub(r"--out (\S+)", rf"--out {tmp_path}/\1", command)
    command = re.sub(r"gan\.report runs\b.*", f"gan.report {small.parent} --out {tmp_path}", command)
    Image.new("L", (28, 28), 90).save(tmp_path / "digit.png")
    match = VERB.match(command)
    assert match is not None
    verb, words = match.group(1), shlex.split(match.group(2))
    if verb == "evaluate":
        words = small_evaluation(words, tmp_path)
    if verb == "translate" and "--words" not in words:
        folder = sources(tmp_path)
        words = [str(folder / word) if (folder / word).exists() else word for word in words]
        words += [] if "--out" in words else ["--out", str(tmp_path / "translated")]
    run = run_here("-m", f"gan.{verb}", *words)
    assert run.status == 0, run.err


def run_for(command: str) -> str:
    """Name the run that RUN stands for in a command."""
    if "gan.translate" in command:
        return "12-00-00-inpainting_digits" if "--mask" in command else TRANSLATOR
    if "explore temperature" in command:
        return "12-00-00-language_model-likelihood"
    if "explore mapping" in command:
        return "12-00-00-muse-non_saturating"
    if "--text" in command:
        return "12-00-00-dfgan_captions"
    return "12-00-00-cgan-wgan_gp"


def sources(parent: Path) -> Path:
    """Write the images and sentences that the documentation translates to a new folder."""
    folder = parent / "sources"
    (folder / "photos").mkdir(parents=True)
    (folder / "more_photos").mkdir()
    for name in ("photos/1.png", "more_photos/1.png", "photo.jpg", "zebra.png", "broken.png", "a.png", "b.png"):
        Image.effect_noise((28, 28), 60).save(folder / name)
    Image.effect_noise((600, 550), 60).save(folder / "large.tif")
    Image.new("L", (28, 28), 255).save(folder / "hole.png")
    (folder / "A2.txt").write_text("a dog sings .\na cat sings .\n")
    return folder


def small_evaluation(words: list[str], folder: Path) -> list[str]:
    """Return the arguments of a small evaluation that downloads nothing, and write the folders that it names."""
    grey = "data=mnist5k" in words or not words[0].endswith("/")
    for name in ("samples", "reals", "photos"):
        (folder / name).mkdir()
        for number in range(40):
            image = Image.effect_noise((28, 28), 20 + number) if grey else Image.effect_noise((64, 64), 20 + number)
            image.convert("L" if grey else "RGB").save(folder / name / f"{number}.png")
    words = [word for word in words if not word.startswith(("num_samples=", "seeds=", "metric/features="))]
    if not any(word.startswith("metric=") for word in words):
        words.append("metric=frechet")
    features = "classifier" if grey else "efficientnet_lite0"
    return [*words, f"metric/features={features}", "num_samples=32", "seeds=1", f"out={folder / 'scores.json'}"]


# Text ----------------------------------------------------------------------------------------------------------------


def test_the_two_commands_are_what_ci_runs() -> None:
    lines = [line for block in blocks(PAGES["README.md"], "bash") for line in block.splitlines()]
    assert lines[:2] == [
        "pip install -e . && python train.py model=dcgan loss=wgan_gp",
        'pip install -e ".[dev]" && pytest',
    ]


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 250


@pytest.mark.parametrize("name", PAGES)
def test_links_and_paths_exist(name: str) -> None:
    page, folder = PAGES[name], (ROOT / name).parent
    assert not re.findall(r"@[A-Z]+@", page), "nothing is left to fill in"
    for path in re.findall(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)", page):
        assert (folder / path).exists(), path
        assert name == "README.md" or (folder / path).resolve().is_relative_to(ROOT / "docs"), f"{path} leaves the site"
    for path in re.findall(r"`((?:src|conf|tests|docs)/[\w./-]*\w)`", page):
        assert path in FILES or (ROOT / path).exists(), path


@pytest.mark.parametrize("name", PAGES)
def test_names_exist(name: str) -> None:
    """Names such as `gan.types.Batch`; those of added parts are in the copy only."""
    added = {Path(path).stem for path in FILES}
    for dotted in re.findall(r"`(gan(?:\.\w+)+)", PAGES[name]):
        if added.isdisjoint(dotted.split(".")) and not dotted.startswith("gan.path."):
            assert pkgutil.resolve_name(dotted), dotted


def test_every_picture_has_alternative_text_and_is_shown() -> None:
    shown = dict[str, str]()
    for name, page in PAGES.items():
        for text, path in re.findall(r"!\[(.*?)\]\((.*?)\)", page):
            assert text, (name, path)
            shown[((ROOT / name).parent / path).resolve().name] = name
    assert {path.name for path in (ROOT / "docs" / "pictures").rglob("*.*")} <= shown.keys()
