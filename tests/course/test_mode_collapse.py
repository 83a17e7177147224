"""Chapter on mode collapse: the small game against closed forms, and its recipes."""

from math import log
from typing import Any

import pytest
import torch
from omegaconf import DictConfig
from pandas import DataFrame
from torch.testing import assert_close

from gan.config import compose_config
from gan.course import orders
from gan.course.mode_collapse import answer, change, collapses
from gan.course.mode_collapse_figures import CURES, grid_centers, ring_centers
from gan.course.orders import DATA, PLAYS
from gan.instantiate import build
from gan.losses.adversarial import Minimax
from gan.resolvers import register_resolvers
from tests.course.recipes import sweep_of

POINTS = torch.eye(3, dtype=torch.float64)


def test_the_value_is_that_of_the_minimax_loss() -> None:
    """With equal probabilities, expectations are the means that the loss takes."""
    logits = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    loss = Minimax().discriminator(logits.repeat_interleave(torch.tensor([5, 3, 2])), logits)
    assert_close(orders.value(logits, torch.full((3,), 1 / 3, dtype=torch.float64)), -loss)


def test_the_best_discriminator_reaches_the_best_value() -> None:
    q = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64)
    best = (DATA / q).log()  # the logit of p / (p + q)
    assert_close(orders.value(best, q), orders.best_value(q))
    assert_close(orders.ascent(best, q), torch.zeros(3, dtype=torch.float64))
    assert_close(orders.divergence(DATA), torch.tensor(0.0, dtype=torch.float64))


def test_orders_agree_for_distributions_and_differ_for_points() -> None:
    over_distributions, best = orders.minimax(orders.simplex(10))
    assert_close(best, DATA)
    assert_close(over_distributions, -log(4))
    over_points, best = orders.minimax(POINTS)
    assert_close(best, POINTS[0])
    jsd = (log(2 / 1.5) + 0.5 * log(0.5 / 0.75) + 0.5 * log(2)) / 2  # of p and of the heaviest point alone
    assert_close(over_points, -log(4) + 2 * jsd)
    for choices in (POINTS, orders.simplex(10)):
        value, d = orders.maximin(choices, 10)
        assert_close(value, -log(4))
        assert_close(d, torch.full((3,), 0.5, dtype=torch.float64))


def test_looking_no_step_ahead_is_the_value() -> None:
    w, q = torch.randn(2, 5, 3, dtype=torch.float64)
    q = q.softmax(-1)
    assert_close(orders.looking_ahead(w, q, 0), orders.value(w, q))
    ahead = orders.value(w + orders.D_RATE * orders.ascent(w, q), q)
    assert_close(orders.looking_ahead(w, q, 1), ahead)


@pytest.mark.parametrize(("play", "distance"), [("D far ahead", 0.0), ("G far ahead", 0.62)])
def test_a_fast_g_stays_at_one_point(play: str, distance: float) -> None:
    """At one point, G is as far from the data as its probability there is from 1."""
    table = orders.measure(seeds=2, rounds=80)["plays"]
    found = table[table["play"] == play]
    assert_close(list(found["distance"]), [distance] * 2, atol=0.03, rtol=0)
    assert set(table["play"]) == set(PLAYS)


def test_a_change_is_named_if_it_is_clear() -> None:
    low, high = [1.0, 2.0, 3.0], [8.0, 9.0, 10.0]
    assert change(low, high, higher=True) == "better"
    assert change(low, high, higher=False) == "worse"
    assert change(low, [2.0, 3.0, 4.0], higher=True) == "–"


def test_a_run_collapses_below_half_of_the_modes() -> None:
    found = {"plain": (3, 4, 0), "rates": (8, 8, 7), "packing": (8, 3, 4)}
    rows = [("ring8", cure, seed, modes) for cure, seeds in found.items() for seed, modes in enumerate(seeds)]
    last = DataFrame(rows, columns=["data", "cure", "seed", "modes"])
    assert collapses(last) == {"plain": 2, "rates": 0, "packing": 1}
    assert answer(last) == (
        "- **Ring of 8**: without a cure, 2 of 3 seeds collapse; with one, packing (1). "
        "Clearly more modes than without (2.3): other rate of G (7.7)."
    )


def own_options(model: DictConfig) -> dict[str, Any]:
    """Return a model's options without those that it refers to."""
    return {str(name): value for name, value in model.items() if name not in ("optimizer", "objective")}


def test_a_cure_is_the_only_change() -> None:
    register_resolvers()
    grid = sweep_of("mode_collapse")["experiment/course/mode_collapse"].split(",")
    assert set(grid) <= set(CURES)
    configs = {
        cure: compose_config("train", ["experiment=course/mode_collapse", f"experiment/course/mode_collapse={cure}"])
        for cure in CURES
    }
    plain = configs["plain"]
    for cure, config in configs.items():
        assert config.optimizer.discriminator == plain.optimizer.discriminator
        assert (config.optimizer.generator == plain.optimizer.generator) == (cure != "rates")
        of_model = cure in ("unrolled", "generators", "packing", "minibatch")
        assert (own_options(config.model) == own_options(plain.model)) == (not of_model)
        assert (config.loss == plain.loss) == (cure not in ("mode_seeking", "penalties", "relativistic", "r3gan"))
        assert (config.data, config.trainer) == (plain.data, plain.trainer)


def test_centres_in_the_figure_are_those_of_the_data() -> None:
    register_resolvers()
    for data, centers in (("ring8", ring_centers()), ("grid25", grid_centers())):
        module = build(compose_config("train", [f"data={data}", "model=mlp_gan"]).data)
        distances = torch.cdist(module.centers.double(), torch.from_numpy(centers))
        assert float(distances.min(0).values.max()) < 1e-6
