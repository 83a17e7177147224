"""Charts: positions of points, round ticks, and SVG files."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from gan.report.charts import MAX_DOTS, MAX_POINTS, Chart, Level, Line, chart
from gan.report.svg import PLOT_SIZE, svg


def laid_out(*lines: Line, **options: object) -> Chart:
    result = chart("title", lines, **options)
    assert result is not None
    return result


def coordinates(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([-\d.]+),([-\d.]+)", path)]


def test_points_match_the_ticks() -> None:
    result = laid_out(Line("a", [0, 50, 100], [0.0, 5.0, 10.0]))
    assert [x for x, _ in coordinates(result.lines[0].path)] == [0, 500, 1000]
    heights = {tick.text: 10 * tick.position for tick in result.y_ticks}
    low, middle, high = (y for _, y in coordinates(result.lines[0].path))
    assert low == pytest.approx(heights["0"], abs=0.1)
    assert high == pytest.approx(heights["10"], abs=0.1)
    assert middle == pytest.approx((low + high) / 2, abs=0.1)
    assert result.lines[0].last == "10"


def test_log_axis_for_a_wide_range() -> None:
    line = Line("a", [1, 2, 3], [1.0, 30.0, 900.0])
    result = laid_out(line, may_be_log=True)
    first, second, third = (y for _, y in coordinates(result.lines[0].path))
    assert first - second == pytest.approx(second - third, abs=0.2), "each value is 30 times the one before"
    assert "log scale" in result.note
    assert "log scale" not in laid_out(line).note
    assert "log scale" not in laid_out(Line("a", [1, 2], [0.0, 900.0]), may_be_log=True).note, "zero has no logarithm"


@pytest.mark.parametrize("values", [[0.2, 0.9], [-4.0, 3.0], [1e-7, 3e-7], [12345.0, 99999.0], [5.0, 5.0], [0.0]])
@pytest.mark.parametrize("log", [False, True])
def test_ticks_are_few_and_on_the_axis(values: list[float], log: bool) -> None:
    result = laid_out(Line("a", list(range(len(values))), values), may_be_log=log)
    for ticks in (result.x_ticks, result.y_ticks):
        assert 1 <= len(ticks) <= 7
        assert all(-0.01 <= tick.position <= 100.01 for tick in ticks)
        assert len({tick.text for tick in ticks}) == len(ticks), "labels are unique"


def test_levels_are_on_the_axis() -> None:
    result = laid_out(Line("a", [1, 2], [50.0, 60.0]), levels=[Level("real", 2.0)])
    (level,), (_, lowest) = result.levels, coordinates(result.lines[0].path)[0]
    assert level.value == "2"
    assert lowest < 10 * level.position <= 1000


def test_long_lines_are_averaged() -> None:
    result = laid_out(Line("a", list(range(1000)), [float(step % 4) for step in range(1000)]))
    assert 200 < len(result.lines[0].points) <= MAX_POINTS
    assert {value for _, _, _, value in result.lines[0].points} == {"1.5"}


@pytest.mark.parametrize("count", [2, MAX_DOTS, MAX_DOTS + 1, 5 * MAX_DOTS])
def test_dots_are_evenly_spaced_up_to_the_last_point(count: int) -> None:
    (line,) = laid_out(Line("a", list(range(count)), [1.0] * count, dots=True)).lines
    dots, points = coordinates(line.dots), coordinates(line.path)
    assert min(count, MAX_DOTS // 2) <= len(dots) <= MAX_DOTS
    assert dots[-1] == points[-1]
    gaps = np.diff([x for x, _ in dots])
    assert gaps.max() - gaps.min() <= 0.2


def test_points_that_are_not_finite_are_left_out() -> None:
    result = laid_out(Line("a", [1, 2, 3, 4], [1.0, math.nan, math.inf, 2.0]))
    assert [step for _, _, step, _ in result.lines[0].points] == ["1", "4"]
    assert chart("title", [Line("a", [1], [math.nan])]) is None
    assert chart("title", []) is None


def test_a_single_point_is_a_dot() -> None:
    result = laid_out(Line("a", [7], [3.0]))
    assert (result.lines[0].path, result.lines[0].dots.count("M")) == ("", 1)


def test_band_of_one_deviation() -> None:
    result = laid_out(Line("a", [0, 1], [4.0, 6.0], deviation=[1.0, 2.0]))
    heights = {tick.text: 10 * tick.position for tick in result.y_ticks}
    above, _, _, below = coordinates(result.lines[0].band)
    unit = heights["4"] - heights["6"]
    assert below[1] - above[1] == pytest.approx(unit, abs=0.3), "from 3 to 5"


@pytest.fixture
def comparison() -> Chart:
    """Chart of 21 groups with long names, bands, a level and failed runs."""
    steps = list(range(0, 2000, 100))
    lines = [
        Line(
            f"dcgan-hinge loss.critic_steps={group} <{'x' * (group % 7 * 5)}> optimizer.betas=[0,0.{group}]",
            steps,
            [2 + 300 / (1 + step / (50 + 10 * group)) for step in steps],
            group,
            [3.0] * len(steps),
            dots=True,
        )
        for group in range(21)
    ]
    failed = [Line("failed", [0, 100, 200], [300.0, 200.0, 400.0], group, dashed=True) for group in (0, 3)]
    return laid_out(*lines, *failed, levels=[Level("held-out real images", 1.8)], may_be_log=True, size=PLOT_SIZE)


def test_svg_is_self_contained_and_complete(comparison: Chart) -> None:
    text = svg(comparison)
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|url\(|@import|<script|<image|<foreignObject", text)
    root = ElementTree.fromstring(text)
    name = "{http://www.w3.org/2000/svg}"
    words = [" ".join("".join(element.itertext()).split()) for element in root.iter(f"{name}text")]
    assert words[:2] == ["title", "log scale"]
    legend = " ".join(words)
    for line in comparison.lines[:21]:
        assert f"{line.name} {line.last}" in legend
    assert "held-out real images 1.8" in words
    assert "without results" in words
    assert "failed" not in legend
    for tick in (*comparison.x_ticks, *comparison.y_ticks):
        assert tick.text in words
    assert words[-1] == "generator updates"
    classes = [element.get("class", "").split() for element in root.iter(f"{name}path")]
    assert sum(c[0] == "band" for c in classes if c) == 21
    assert sum(c[0] == "line" for c in classes if c) == 2 * 21, "one in the axes, one in the legend"
    assert sum(c[0] == "cross" for c in classes if c) == 2, "where failed runs ended"
    assert len({tuple(c) for c in classes if c and c[0] == "dots"}) == 21, "all lines look different"


@pytest.mark.parametrize("title", ["short", 12 * "fd_classifier on MNIST5k image_size=28 "])
def test_svg_is_drawn_within_its_borders(comparison: Chart, title: str, browser: Any, tmp_path: Path) -> None:
    (tmp_path / "chart.svg").write_text(svg(replace(comparison, title=title)), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1000, "height": 1400})
    page.goto((tmp_path / "chart.svg").as_uri())
    outside = """() => {
        const box = document.documentElement.getBoundingClientRect();
        return [...document.querySelectorAll("text, path")].filter(element => {
            const own = element.getBoundingClientRect();
            return own.left < box.left || own.right > box.right || own.top < box.top || own.bottom > box.bottom;
        }).map(element => element.outerHTML.slice(0, 90));
    }"""
    assert page.evaluate(outside) == []
    overlapping = """() => {
        const boxes = [...document.querySelectorAll("text")].map(element => element.getBoundingClientRect());
        return boxes.filter((a, i) => boxes.some((b, j) => i < j
            && a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom)).length;
    }"""
    assert page.evaluate(overlapping) == 0
    page.screenshot(path=tmp_path / "chart.png")
    page.close()
    pixels = np.asarray(Image.open(tmp_path / "chart.png").convert("RGB"))
    assert pixels.std() > 5, "not blank"
