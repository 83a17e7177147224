"""Pages of docs/reference: current, complete, and each option described; the help of train.py names every choice."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from omegaconf import OmegaConf

from gan.help import choices, groups, head_comment, summary
from tests.conftest import ROOT, run_here, run_python

CONF = ROOT / "conf"
CONFIGURATION = (ROOT / "docs" / "reference" / "configuration.md").read_text()
FILES = [(group, choice, path) for group in groups(CONF) for choice, path in choices(CONF, group).items()]
EACH_CHOICE = pytest.mark.parametrize(
    ("group", "choice", "path"), [pytest.param(*file, id=f"{file[0]}={file[1]}") for file in FILES]
)


@pytest.fixture
def generate() -> ModuleType:
    """The module docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(generate: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run docs/generate.py with arguments."""

    def call(*arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", ["docs/generate.py", *arguments])
        generate.main()

    return call


def test_pages_are_up_to_date(run: Callable[..., None]) -> None:
    run("--check")


def test_stale_and_missing_pages_fail_the_check(
    generate: ModuleType, run: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    for page in ("configuration", "commands", "api"):
        monkeypatch.setattr(generate, page, lambda page=page: iter([f"# {page}", "Text."]))
    with pytest.raises(SystemExit, match=r"configuration\.md is out of date: run python docs/generate\.py"):
        run("--check")
    run()
    run("--check")
    (tmp_path / "api.md").write_text("# api\n")
    with pytest.raises(SystemExit, match=r"api\.md is out of date"):
        run("--check")


def keys(node: Any, prefix: str) -> Iterator[str]:
    """Yield the full keys of all values below a node of a configuration."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in ("defaults", "_partial_"):
                yield from keys(value, f"{prefix}.{key}" if prefix else key)
    else:
        yield prefix


@EACH_CHOICE
def test_each_choice_has_a_section_with_its_options(group: str, choice: str, path: Path) -> None:
    _, heading, rest = CONFIGURATION.partition(f"\n### {group}={choice}\n")
    assert heading, "the page has no such section"
    section = rest.partition("\n## ")[0].partition("\n### ")[0]
    package = path.read_text().partition("# @package ")[2].partition("\n")[0] or group.replace("/", ".")
    config = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    for key in keys(config, package.replace("_global_", "")):
        assert f"| `{key}` |" in section


@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_options_outside_groups_are_listed(name: str) -> None:
    for key in keys(OmegaConf.to_container(OmegaConf.load(CONF / f"{name}.yaml"), resolve=False), ""):
        assert f"| `{key}` |" in CONFIGURATION


def test_every_option_is_described() -> None:
    """Recipes, in the groups experiment and debug, set options that are described elsewhere."""
    sections = CONFIGURATION.split("\n## ")
    options = [section for section in sections if not section.startswith(("experiment\n", "debug\n"))]
    undescribed = [line for section in options for line in section.splitlines() if line.endswith("|  |")]
    assert not undescribed


@EACH_CHOICE
def test_every_choice_has_a_head_comment(group: str, choice: str, path: Path) -> None:
    assert summary(path), f"{group}={choice}"


def test_summary_is_the_first_sentence_without_the_command(tmp_path: Path) -> None:
    path = tmp_path / "choice.yaml"
    head = ["A GAN (Doe et al., 2020, Eq. 3), for", "images: python train.py model=x", "It is slow."]
    path.write_text("\n".join(["# @package _global_", *(f"# {line}" for line in head), "a: 1 # b", "# c", ""]))
    assert head_comment(path).splitlines() == head
    assert summary(path) == "A GAN (Doe et al., 2020, Eq. 3), for images"
    path.write_text("# Learning rates fall. They end at 0.\nend: 0.0\n")
    assert summary(path) == "Learning rates fall"


def test_help_shows_usage_then_choices_then_options() -> None:
    shown = run_here("train.py", "--help", COLUMNS="500")
    assert shown.status == 0, shown.err
    lines = shown.out.splitlines()
    starts = ("Usage: python train.py", "== Choices", "== Options")
    usage, listed, options = (next(n for n, line in enumerate(lines) if line.startswith(start)) for start in starts)
    assert usage < listed < options
    for _, choice, path in FILES:
        assert any(line.split() == [choice, *summary(path).split()] for line in lines[listed:options]), path
    assert "  every_n_steps: 200" in lines[options:]


def test_help_shows_the_options_of_the_chosen_model() -> None:
    shown = run_here("train.py", "model=sagan", "--help")
    assert "    attention_size: null" in shown.out.splitlines()


def test_help_does_not_import_torch() -> None:
    code = "import runpy, sys; sys.argv = ['train.py', '--help']; runpy.run_path('train.py', run_name='__main__')"
    done = run_python("-c", f"{code}; assert 'torch' not in sys.modules")
    assert done.status == 0, done.err
    assert "== Choices ==" in done.out
