"""The README keeps its word: what it shows how to add runs as it stands there, and its options exist."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from gan.config import compose_config
from tests.conftest import ROOT, run_here

README = (ROOT / "README.md").read_text()
FILES = re.findall(r"^`((?:src|conf)/\S+)`\n\n```\w+\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the README's files added."""
    project = tmp_path_factory.mktemp("copy") / "project"
    project.mkdir()
    shutil.copytree(ROOT / "conf", project / "conf")
    shutil.copytree(ROOT / "src", project / "src")
    shutil.copy(ROOT / "train.py", project)
    for path, text in FILES:
        assert not (project / path).exists(), "an added part must not replace one"
        (project / path).write_text(text)
    return project


def test_the_readme_shows_two_files_for_each_part() -> None:
    kinds = sorted(Path(path).parent.as_posix() for path, _ in FILES)
    assert kinds == ["conf/data", "conf/loss", "conf/model", "src/gan/data", "src/gan/losses", "src/gan/models"]


def test_added_parts_train(copy: Path, tmp_path: Path) -> None:
    options = ["model=linear_gan", "loss=exponential", "data=stripes", "debug=fast", f"hydra.run.dir={tmp_path}"]
    environment = {"PYTHONPATH": str(copy / "src"), "PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "train.py", *options], cwd=copy, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results.json").is_file()
    code = "import gan; print(gan.__file__)"
    where = subprocess.run([sys.executable, "-c", code], cwd=copy, env=environment, capture_output=True, text=True)
    assert str(copy) in where.stdout, "the copy is what ran"


def test_added_parts_are_clean(copy: Path) -> None:
    paths = [path for path, _ in FILES if path.endswith(".py")]
    config = str(ROOT / "pyproject.toml")
    for command in (
        ["ruff", "check", "--config", config, *paths],
        ["ruff", "format", "--check", "--config", config, *paths],
    ):
        done = subprocess.run([sys.executable, "-m", *command], cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if re.search(r"\btrain\.py ", c) and "ckpt=" not in c])
def test_options_exist(command: str) -> None:
    """Of a sweep, those of its first job."""
    from tests.test_conf import composed

    options = [option for option in shlex.split(command.partition("train.py ")[2]) if option != "-m"]
    overrides = OverridesParser.create().parse_overrides(options)
    composed(*(first_of(override) for override in overrides if "glob(" not in (override.input_line or "")))


def first_of(override: Override) -> str:
    """Return an override, or the first one that a sweep makes of it."""
    if not override.is_sweep_override():
        return override.input_line or ""
    if override.is_interval_sweep():
        return f"{override.get_key_element()}={override._value.start}"  # type: ignore[union-attr]
    return f"{override.get_key_element()}={next(override.sweep_string_iterator())}"


@pytest.mark.parametrize("command", [command for command in COMMANDS if "-m gan.evaluate" in command])
def test_options_of_evaluations_exist(command: str) -> None:
    compose_config("evaluate", [part for part in shlex.split(command) if "=" in part and not part.startswith("--")])


@pytest.mark.parametrize("command", [command for command in COMMANDS if "-m gan.benchmark" in command])
def test_options_of_benchmarks_exist(command: str) -> None:
    case, *options = shlex.split(command.partition("gan.benchmark ")[2])
    shown = run_here("-m", "gan.benchmark", case, "--help")
    assert shown.status == 0, shown.err
    assert all(option in shown.out for option in options if option.startswith("--"))


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if re.search(r"-m gan\.(sample|interpolate|explore|export|demo|report) ", c)]
)
def test_options_of_commands_exist(command: str) -> None:
    verb, *words = shlex.split(command.partition("-m gan.")[2])
    shown = run_here("-m", f"gan.{verb}", *words[:1] * (verb == "explore"), "--help")
    assert shown.status == 0, shown.err
    known = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", shown.out)
    assert {word for word in words if word.startswith("-")} <= set(known)


def test_nothing_is_left_to_fill_in() -> None:
    assert not re.findall(r"@[A-Z]+@", README)
    for path in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / path).exists(), path


def test_the_two_commands_are_what_ci_runs() -> None:
    assert COMMANDS[:2] == [
        "pip install -e . && python train.py model=dcgan loss=wgan_gp",
        'pip install -e ".[dev]" && pytest',
    ]
