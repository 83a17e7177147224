"""Pages of the course: their numbers are those of the tables beside them."""

import re
from pathlib import Path

import pytest

from gan.course.chapters import CHAPTERS
from gan.course.files import ChapterFiles
from gan.course.page import BLOCK
from tests.conftest import ROOT

COURSE = ROOT / "docs" / "course"
CODE = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$|\]\([^)]*\)|\((?:[A-Z][\w ,.'-]+ )?(?:19|20)\d\d[^)]*\)", re.DOTALL
)
NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?: ?%)?(?![\w])")


def files(name: str) -> ChapterFiles:
    return ChapterFiles(CHAPTERS[name], name, COURSE)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_page_is_filled_from_its_tables(name: str) -> None:
    page = files(name).page.read_text(encoding="utf-8")
    assert page == files(name).filled_page(), f"run python -m gan.course draw {name}"


@pytest.mark.parametrize("name", CHAPTERS)
def test_measured_numbers_of_a_text_are_in_its_tables(name: str) -> None:
    """Decimals and percentages in the prose are results; they must stand in a generated block of the same page."""
    page = files(name).page.read_text(encoding="utf-8")
    generated = " ".join(match["text"] for match in BLOCK.finditer(page))
    prose = CODE.sub("", BLOCK.sub("", page))
    cited = [number for number in NUMBER.findall(prose) if "." in number or "%" in number]
    assert [number for number in cited if number not in generated] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_page_shows_the_figures_of_its_folder(name: str) -> None:
    page = files(name).page.read_text(encoding="utf-8")
    shown = {Path(link).name for link in re.findall(rf"!\[[^\]]+\]\({name}/(\w+\.png)\)", page)}
    assert shown == {path.name for path in files(name).folder.glob("*.png")}
    assert all(path.stat().st_size < 300_000 for path in files(name).folder.iterdir())


def test_the_course_has_a_page_per_chapter_and_lists_it() -> None:
    index = (COURSE / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\w+)\.md\)", index) == list(CHAPTERS)
    assert {path.stem for path in COURSE.glob("*.md")} == {"index", *CHAPTERS}
