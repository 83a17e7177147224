"""Chapter on rivals: images in tables, comparisons, and recipes of equal time."""

import pytest
import torch
from pandas import DataFrame
from torch.testing import assert_close

from gan.course.rivals import LABELS, best_of_each, last, lowest
from gan.course.rivals_runs import RIVALS, decode, encode
from tests.course.recipes import sweep_of


def test_images_survive_a_table_to_sixteen_levels_of_grey() -> None:
    image = torch.linspace(-1, 1, 28 * 28).view(1, 28, 28)
    pixels = encode(image)
    assert len(pixels) == 28 * 28
    assert set(pixels) == set("abcdefghijklmnop")
    assert_close(torch.tensor(decode(pixels)), (image[0] + 1) / 2, rtol=0, atol=0.5 / 15 + 1e-6)


def test_the_lowest_mean_and_its_equals() -> None:
    def around(average: float) -> list[float]:
        return [average - 1, average, average + 1]

    assert lowest({"a": around(10), "b": around(2), "c": around(3)}) == ("b", ["c"])
    assert lowest({"a": around(1), "b": around(20), "c": around(30)}) == ("a", [])


@pytest.fixture
def scores() -> DataFrame:
    rows = []
    for place, rival in enumerate(RIVALS):
        for step, seed in ((5, 0), (10, 0), (5, 1), (10, 1)):
            row = {"rival": rival, "seed": seed, "step": step, "fd": 10.0 + place + 100 / step + 0.01 * seed}
            share = 0.5 + 0.1 * place + 0.001 * seed
            rows.append(row | {"sharpness": 0.9 + share, "precision": share, "recall": 1 - share, "coverage": share})
    return DataFrame(rows)


def test_the_best_by_each_score(scores: DataFrame) -> None:
    final = last(scores)
    assert set(final["step"]) == {10}
    lines = dict(line.split("**: ") for line in best_of_each(final).splitlines())
    first, final_rival = LABELS[RIVALS[0]], LABELS[RIVALS[-1]]
    assert lines["- **Fréchet distance"] == f"{first} is best."
    assert lines["- **Sharpness"] == f"{first} is best (nearest to that of real digits)."
    assert lines["- **Precision"] == lines["- **Coverage"] == f"{final_rival} is best."
    assert lines["- **Recall"] == f"{first} is best."


def test_the_sweep_has_all_rivals() -> None:
    assert sweep_of("rivals")["experiment/course/rivals"] == ",".join(RIVALS)
