"""Charts: every point lies where it should, ticks are round, and nothing that is no number is drawn."""

import math
import re

import pytest

from gan.report.charts import POINTS, Chart, Level, Line, chart, number


def drawn(*lines: Line, **options: object) -> Chart:
    found = chart("title", lines, **options)
    assert found is not None
    return found


def indices(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([-\d.]+),([-\d.]+)", path)]


def test_points_lie_between_the_ticks_that_they_belong_between() -> None:
    found = drawn(Line("a", [0, 50, 100], [0.0, 5.0, 10.0]))
    assert [x for x, _ in indices(found.lines[0].path)] == [0, 500, 1000]
    heights = {tick.text: 10 * tick.place for tick in found.y_ticks}
    low, middle, high = (y for _, y in indices(found.lines[0].path))
    assert low == pytest.approx(heights["0"], abs=0.1)
    assert high == pytest.approx(heights["10"], abs=0.1)
    assert middle == pytest.approx((low + high) / 2, abs=0.1)
    assert found.lines[0].last == "10"


def test_the_axis_is_logarithmic_where_scores_span_much() -> None:
    line = Line("a", [1, 2, 3], [1.0, 30.0, 900.0])
    found = drawn(line, may_be_log=True)
    first, second, third = (y for _, y in indices(found.lines[0].path))
    assert first - second == pytest.approx(second - third, abs=0.2), "each is 30 times the last"
    assert "log scale" in found.note
    assert "log scale" not in drawn(line).note
    assert "log scale" not in drawn(Line("a", [1, 2], [0.0, 900.0]), may_be_log=True).note, "zero has no logarithm"


@pytest.mark.parametrize("values", [[0.2, 0.9], [-4.0, 3.0], [1e-7, 3e-7], [12345.0, 99999.0], [5.0, 5.0], [0.0]])
@pytest.mark.parametrize("log", [False, True])
def test_ticks_are_few_and_on_the_axis(values: list[float], log: bool) -> None:
    found = drawn(Line("a", list(range(len(values))), values), may_be_log=log)
    for ticks in (found.x_ticks, found.y_ticks):
        assert 1 <= len(ticks) <= 7
        assert all(-0.01 <= tick.place <= 100.01 for tick in ticks)
        assert len({tick.text for tick in ticks}) == len(ticks), "no two read the same"


def test_a_level_is_within_the_axis() -> None:
    found = drawn(Line("a", [1, 2], [50.0, 60.0]), levels=[Level("real", 2.0)])
    (level, value), (_, lowest) = found.levels[0], indices(found.lines[0].path)[0]
    assert value == "2"
    assert lowest < 10 * level.place <= 1000


def test_many_points_become_means_of_neighbours() -> None:
    found = drawn(Line("a", list(range(1000)), [float(step % 4) for step in range(1000)]))
    assert 200 < len(found.lines[0].points) <= POINTS
    assert {value for _, _, _, value in found.lines[0].points} == {"1.5"}


def test_what_is_not_a_number_is_left_out() -> None:
    found = drawn(Line("a", [1, 2, 3, 4], [1.0, math.nan, math.inf, 2.0]))
    assert [step for _, _, step, _ in found.lines[0].points] == ["1", "4"]
    assert chart("title", [Line("a", [1], [math.nan])]) is None
    assert chart("title", []) is None


def test_a_single_point_is_a_dot() -> None:
    found = drawn(Line("a", [7], [3.0]))
    assert (found.lines[0].path, found.lines[0].dots.count("M")) == ("", 1)


def test_a_band_of_one_deviation() -> None:
    found = drawn(Line("a", [0, 1], [4.0, 6.0], deviation=[1.0, 2.0]))
    heights = {tick.text: 10 * tick.place for tick in found.y_ticks}
    above, _, _, below = indices(found.lines[0].band)
    unit = heights["4"] - heights["6"]
    assert below[1] - above[1] == pytest.approx(unit, abs=0.3), "from 3 to 5"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (11.5234, "11.52"),
        (738.34, "738.3"),
        (1261.3, "1,261"),
        (0.00012345, "0.0001234"),
        (8.0, "8"),
        (1.8e7, "1.8e+07"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text
