"""Chapter 8: spoilt sets, and changes of scores in units of their deviation."""

import pytest
import torch
from pandas import DataFrame

from gan.course.measuring import extrapolate
from gan.course.score_changes import SCORES, changes, format_change
from gan.course.spoilt_sets import LADDER, RESIZED, draw_sets, load_digits, render

LABELS = torch.arange(1000) % 10


def test_digits_are_all_and_shuffled() -> None:
    images, labels = load_digits()
    assert images.shape == (5000, 1, 28, 28)
    assert labels.bincount().tolist() == [500] * 10
    assert len(labels[:50].unique()) > 5


def test_sets_have_the_fault_of_their_name() -> None:
    training, sets, rest = draw_sets(LABELS, 400, seed=3)
    assert sets.keys() == LADDER.keys()
    indices = {name: set(spoilt.indices.tolist()) for name, spoilt in sets.items()}
    assert indices["copies"] < set(training.tolist())
    assert all(indices[name].isdisjoint(training.tolist()) for name in sets if name != "copies")
    assert all(indices[name].isdisjoint(rest.tolist()) for name in sets)
    assert not (sets["dropped"].labels == 3).any()
    assert len(indices["repeated"]) == 10
    assert sorted(LABELS[list(indices["repeated"])].tolist()) == list(range(10))
    sizes = {name: len(spoilt.indices) for name, spoilt in sets.items()}
    assert sizes == dict.fromkeys(LADDER, 400) | {"half": 200}
    wrong = sets["labels"].labels != LABELS[sets["labels"].indices]
    assert wrong.sum() == 100
    assert torch.equal(sets["labels"].indices, sets["held_out"].indices)


def test_draws_differ_and_repeat() -> None:
    first, again, other = (draw_sets(LABELS, 400, seed) for seed in (0, 0, 1))
    assert torch.equal(first.training, again.training)
    assert not torch.equal(first.training, other.training)


@pytest.mark.parametrize("name", ["blur", "noise", *RESIZED])
def test_renderings_keep_shape_and_mean(name: str) -> None:
    images = (128 + 60 * torch.sin(torch.arange(28) / 5)).round().to(torch.uint8).expand(3, 1, 28, 28).contiguous()
    rendered = render(images, name)
    assert (rendered.shape, rendered.dtype) == (images.shape, torch.uint8)
    assert rendered.float().mean() == pytest.approx(images.float().mean(), abs=3)
    assert torch.equal(rendered, images) == (name == "clean")


def test_changes_are_in_deviations_and_positive_for_the_worse() -> None:
    """Held-out images score 4 ± 2; a lower score is better for the Fréchet distance, and worse for recall."""
    rows = [
        {"set": name, "fd": value, "recall": value}
        for name, values in {"held_out": (2.0, 4.0, 6.0), "blur": (9.0, 10.0, 11.0), "half": (4.0, 4.0, 4.0)}.items()
        for value in values
    ]
    moved = changes(DataFrame(rows), ("fd", "recall"))
    assert moved.loc["blur"].tolist() == [3.0, -3.0]
    assert moved.loc["half"].tolist() == [0.0, 0.0]
    assert list(moved.index) == ["held_out", "blur", "half"]


def test_a_score_without_any_deviation() -> None:
    rows = DataFrame({"set": ["held_out"] * 2 + ["blur"] * 2, "recall": [1.0, 1.0, 0.5, 0.5]})
    assert changes(rows, ("recall",))["recall"].tolist() == [0.0, float("inf")]


@pytest.mark.parametrize(
    ("change", "shown"),
    [(0.4, "0"), (-0.4, "0"), (12.3, "+12"), (-3.6, "-4"), (5e6, "over +999"), (-1e9, "below -999")],
)
def test_format_of_changes(change: float, shown: str) -> None:
    assert format_change(change) == shown


def test_limit_of_a_line_in_the_reciprocal_of_the_size() -> None:
    rows = [{"size": n, "fd": 1.5 + 200 / n + shift} for n in (50, 100, 200, 400) for shift in (-0.1, 0.1)]
    assert extrapolate(DataFrame(rows)) == pytest.approx(1.5)


def test_every_score_has_a_sign() -> None:
    assert {sign for _, sign, _ in SCORES.values()} == {-1, 1}
