"""Chapters of the course: their short forms give tables, blocks and figures."""

import shutil
from pathlib import Path

import pytest

from gan.course.chapters import CHAPTERS
from gan.course.files import ChapterFiles
from tests.conftest import ROOT, run_here


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, chapter in CHAPTERS.items() if chapter.measure])
def test_the_short_form_of_a_measurement(name: str, tmp_path: Path) -> None:
    """The short form fills and draws everything, or adds to tables that a sweep gave."""
    published = ROOT / "docs" / "course"
    files = ChapterFiles(CHAPTERS[name], name, tmp_path)
    shutil.copytree(published / name, files.folder, ignore=shutil.ignore_patterns("*.png"))
    shutil.copy(published / f"{name}.md", files.page)
    run = run_here("-m", "gan.course", "measure", name, "--short", "--course", str(tmp_path))
    assert run.status == 0, run.err
    run = run_here("-m", "gan.course", "draw", name, "--course", str(tmp_path))
    assert run.status == 0, run.err
    assert {path.name for path in files.folder.glob("*.png")} == {
        path.name for path in (published / name).glob("*.png")
    }
