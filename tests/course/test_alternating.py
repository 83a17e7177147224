"""Chapter on alternating updates: budgets, costs and verdicts."""

from pandas import DataFrame
from torch.testing import assert_close

from gan.config import compose_config
from gan.course.alternating import COLORS, LOSSES, at_budgets, verdict, with_seconds
from gan.resolvers import register_resolvers
from tests.course.recipes import sweep_of


def falling_scores() -> DataFrame:
    """Return scores that halve with each of G's updates, for k = 1 and 2 and four updates of D."""
    rows = [
        {"loss": "hinge", "k": k, "seed": 0, "d_updates": k * step, "g_updates": step, "score": 2.0**-step}
        for k in (1, 2)
        for step in range(1, 4 // k + 1)
    ]
    return DataFrame(rows)


def test_seconds_are_those_of_the_updates_of_both_players() -> None:
    costs = DataFrame([{"loss": "hinge", "discriminator": 3.0, "generator": 2.0}])
    scores = with_seconds(falling_scores(), costs)
    assert list(scores["seconds"]) == [5.0, 10.0, 15.0, 20.0, 8.0, 16.0]


def test_scores_are_read_at_the_largest_budget_that_all_runs_have() -> None:
    costs = DataFrame([{"loss": "hinge", "discriminator": 3.0, "generator": 2.0}])
    budgets = at_budgets(with_seconds(falling_scores(), costs))
    amounts = budgets.groupby("budget")["amount"].first()
    assert dict(amounts) == {"d_updates": 4, "g_updates": 2, "seconds": 16}
    score = budgets.set_index(["budget", "k"])["score"]
    assert_close(score["d_updates", 1], 2.0**-4)
    assert_close(score["g_updates", 1], 2.0**-2)
    assert_close(score["seconds", 1], 2.0**-3.2)  # between 15 and 20 seconds
    assert_close(list(score[:, 2]), [2.0**-2] * 3)


def test_a_difference_counts_above_three_standard_errors() -> None:
    def around(average: float) -> list[float]:
        return [average - 1, average, average + 1]

    assert verdict({1: around(10), 2: around(11), 5: around(12)}) == "no difference"
    assert verdict({1: around(10), 2: around(11), 5: around(20)}) == "k = 1, but not clearly better than 2"
    assert verdict({1: around(10), 2: around(20), 5: around(0)}) == "k = 5"


def test_every_run_has_the_same_updates_of_d() -> None:
    register_resolvers()
    assert sweep_of("alternating")["loss"] == ",".join(LOSSES)
    for k in COLORS:
        options = ["experiment=course/alternating", "loss=wgan_gp", f"loss.critic_steps={k}"]
        config = compose_config("train", options)
        assert (config.trainer.max_steps * k, config.evaluate.every_n_steps * k) == (1500, 150)
