"""Comparison of recipes over seeds."""

from pathlib import Path

from pandas import DataFrame

from gan.course.seeds import differs, last, relation, runs_of, values_of
from gan.runs.folder import RunFolder
from gan.runs.record import RunRecord


def test_means_differ_by_more_than_three_standard_errors() -> None:
    low = [1.0, 2.0, 3.0]  # a variance of 1, and thus a difference's standard error of sqrt(2 / 3)
    assert not differs(low, [x + 2.44 for x in low])
    assert differs(low, [x + 2.46 for x in low])


def test_a_relation_is_named_if_it_is_clear() -> None:
    low, high = [1.0, 2.0, 3.0], [8.0, 9.0, 10.0]
    assert relation(low, high) == "lower than"
    assert relation(high, low) == "higher than"
    assert relation(low, [2.0, 3.0, 4.0]) == "not clearly different from"


def test_the_last_scores_of_runs_of_different_lengths() -> None:
    rows = [("a", 0, 10, 5.0), ("a", 0, 20, 4.0), ("a", 1, 10, 3.0), ("b", 0, 30, 2.0), ("b", 0, 60, 1.0)]
    scores = DataFrame(rows, columns=["recipe", "seed", "step", "fd"])
    final = last(scores, "recipe")
    assert values_of(final, "fd", recipe="a") == [4.0, 3.0]
    assert values_of(final, "fd", recipe="a", seed=1) == [3.0]
    assert values_of(final, "fd", recipe="b") == [1.0]


def test_runs_come_in_the_order_of_recipes_and_seeds() -> None:
    names = ["b-seed0", "a_b-seed10", "a_b-seed2", "other-seed0", "a_b"]
    runs = [RunRecord(RunFolder(Path(name)), {"name": name}) for name in names]
    found = [(recipe, seed, run.name) for recipe, seed, run in runs_of(runs, ["a_b", "b"])]
    assert found == [("a_b", 2, "a_b-seed2"), ("a_b", 10, "a_b-seed10"), ("b", 0, "b-seed0")]
