"""Chapter 6, mode_collapse: the order of the players in a small game, and cures on rings, grids and stacked digits."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from pandas import DataFrame

from gan.checkpoint.trained import load
from gan.course import orders
from gan.course.chapter import Blocks, Chapter, Figures, Tables
from gan.course.mode_collapse_figures import CURES, DATA, MODES, SCORES, draw_orders, draw_samples, draw_scores
from gan.course.page import markdown_table, spread
from gan.course.seeds import differs
from gan.data.gaussians import GaussianMixture
from gan.runs.record import RunRecord

__all__ = ["CHAPTER", "change"]

KNOBS = {
    "rates": "optimizer.generator.lr",
    "unrolled": "model.unroll_lr",
    "generators": "model.diversity",
    "packing": "model.packing",
    "minibatch": "model.discriminator.minibatch_discrimination",
    "mode_seeking": "loss.generator_regularizers.mode_seeking.weight",
    "penalties": "loss.regularizers.r1.weight",
    "r3gan": "loss.regularizers.r1.weight",
}
HIGHER_IS_BETTER = {"modes", "high_quality"}
SEARCH_SEED = 100  # runs with this seed are of the search for strengths
POINTS = 150  # samples in the figure, of each run with seed 0
# Tables --------------------------------------------------------------------------------------------------------------


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the scores of all runs, samples of those with seed 0, and the search for strengths."""
    scores, points, search = [], [], []
    for run in runs:
        data, cure, _ = str(run.config["name"]).split("-")
        seed = int(run.config["seed"])
        if seed == SEARCH_SEED:
            last = run.scores[max(run.scores)]
            search.append({"data": data, "cure": cure, "strength": _option(run, KNOBS[cure])} | _scores(last))
            continue
        key: dict[str, Any] = {"data": data, "cure": cure, "seed": seed}
        scores += [key | {"step": step} | _scores(named) for step, named in run.scores.items()]
        if seed == 0 and data in ("ring8", "grid25"):
            points += [{"data": data, "cure": cure, "x": x, "y": y} for x, y in _samples(run)]
    order = ["data", "cure"]
    tables = {"scores": scores, "points": points, "search": search}
    return {
        name: DataFrame(rows).sort_values(order, key=lambda column: column.map([*DATA, *CURES].index), kind="stable")
        for name, rows in tables.items()
        if rows
    }


def _scores(named: Mapping[str, float]) -> dict[str, Any]:
    return {name: named[name] for name in SCORES if name in named}


def _option(run: RunRecord, key: str) -> float:
    """Return an option of a run, such as ``model.packing``."""
    value = run.config
    for part in key.split("."):
        value = value[part]
    return float(str(value))


def _samples(run: RunRecord) -> list[list[float]]:
    """Return points of a run's last generator, to three decimals."""
    trained = load(run.folder.path / "checkpoints" / "last.ckpt")
    assert isinstance(trained.data, GaussianMixture)
    points = trained.data.points(trained.sample(POINTS))
    return [[round(value, 3) for value in point] for point in points.tolist()]


def measure(short: bool) -> Tables:
    """Compute both orders of the small game, and play it."""
    return orders.measure(seeds=2, rounds=40) if short else orders.measure(seeds=5, rounds=200)


# Blocks --------------------------------------------------------------------------------------------------------------


def change(plain: Sequence[float], cure: Sequence[float], higher: bool) -> str:
    """Return whether a score is better or worse than the plain recipe's, or no different."""
    if not differs(plain, cure):
        return "–"
    return "better" if (mean(cure) > mean(plain)) == higher else "worse"


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    last = final(tables["scores"])
    return {
        "orders": orders_table(tables["orders"]),
        "plays": plays_table(tables["plays"]),
        "search": search_table(tables["search"]),
        **{data: scores_table(last[last["data"] == data]) for data in DATA if data in set(last["data"])},
        "over_time": over_time(tables["scores"]),
        "answer": answer(last),
    }


def final(scores: DataFrame) -> DataFrame:
    """Return the last scores of each run."""
    return scores[scores["step"] == scores.groupby(["data", "cure", "seed"])["step"].transform("max")]


def orders_table(values: DataFrame) -> str:
    """Return the values of both orders, and what attains them."""
    rows = []
    for row in values.to_dict("records"):
        best = ", ".join(f"{row[point]:.2f}" for point in ("first", "second", "third"))
        outer = "G" if row["order"] == "min max" else "D"
        rows.append((row["g_plays"], row["order"], f"{row['value']:.4f}", f"{outer} = ({best})"))
    return markdown_table(("G plays", "order", "value", "the outer player's best choice"), rows)


def plays_table(plays: DataFrame) -> str:
    """Return what each way to play comes to."""
    rows = []
    for name, part in plays.groupby("play", sort=False):
        cells = (spread(part[column], 3) for column in ("distance", "distance_of_mean", "largest", "d_error"))
        rows.append((name, *cells))
    names = (
        "distance of G from the data",
        "of G's mean over rounds",
        "G's largest probability",
        "D's distance from 1/2",
    )
    return markdown_table(("play", *names), rows)


def search_table(search: DataFrame) -> str:
    """Return the modes and the quality of each strength tried."""
    rows = []
    for cure, part in search.groupby("cure", sort=False):
        ordered = part.sort_values("strength").to_dict("records")
        best = max(ordered, key=lambda row: (row["modes"], row["high_quality"]))
        tried = [
            f"{'**' if row is best else ''}{row['strength']:g}: {row['modes']:.0f}, {100 * row['high_quality']:.0f} %"
            f"{'**' if row is best else ''}"
            for row in ordered
        ]
        rows.append((CURES[str(cure)], f"`{KNOBS[str(cure)]}`", "; ".join(tried)))
    return markdown_table(("cure", "option", "values: modes, high quality"), rows)


def scores_table(last: DataFrame) -> str:
    """Return the scores of each cure on a data set, whether they clearly differ from those without, and collapses."""
    collapsed = collapses(last)
    names = [name for name in SCORES if not last[name].isna().any()]
    rows = []
    for cure, label in CURES.items():
        part = last[last["cure"] == cure]
        if part.empty:
            continue
        cells = []
        for name in names:
            values = list(part[name])
            shown = (
                f"{spread([100 * value for value in values])} %"
                if name == "high_quality"
                else spread(values, 1 if name == "modes" else 3)
            )
            verdict = change(list(last[last["cure"] == "plain"][name]), values, name in HIGHER_IS_BETTER)
            cells.append(shown if verdict == "–" else f"{shown}, {verdict}")
        rows.append((label, *cells, f"{collapsed[cure]} of {len(part)}"))
    return markdown_table(("cure", *(SCORES[name] for name in names), "seeds that collapse"), rows)


def collapses(last: DataFrame) -> dict[str, int]:
    """Return the number of seeds in which each cure finds less than half of a data set's modes."""
    below = last["modes"] < last["data"].map(MODES) / 2
    return {str(cure): int(count) for cure, count in below.groupby(last["cure"]).sum().items()}


def over_time(scores: DataFrame) -> str:
    """Return the modes of the plain recipe at each evaluation, in words."""
    lines = []
    for data in ("ring8", "grid25"):
        part = scores[(scores["data"] == data) & (scores["cure"] == "plain")]
        seeds = "; ".join(
            f"seed {seed}: {', '.join(f'{modes:.0f}' for modes in run.sort_values('step')['modes'])}"
            for seed, run in part.groupby("seed")
        )
        lines.append(f"- {DATA[data]}: {seeds}.")
    return "\n".join(lines)


def answer(last: DataFrame) -> str:
    """Return in how many seeds each recipe collapses, and which cures clearly find more modes, in words."""
    lines = []
    for data in dict.fromkeys(last["data"]):
        part = last[last["data"] == data]
        by_cure = {str(cure): list(rows["modes"]) for cure, rows in part.groupby("cure", sort=False)}
        collapsed = collapses(part)
        plain = collapsed.pop("plain")
        counted = ", ".join(f"{CURES[cure]} ({collapsed[cure]})" for cure in by_cure if collapsed.get(cure))
        more = ", ".join(
            f"{CURES[cure]} ({mean(modes):.1f})"
            for cure, modes in by_cure.items()
            if cure != "plain" and change(by_cure["plain"], modes, higher=True) == "better"
        )
        seeds, modes_of_plain = len(by_cure["plain"]), mean(by_cure["plain"])
        lines.append(
            f"- **{DATA[data].capitalize()}**: without a cure, {plain} of {seeds} seeds collapse; with one, "
            f"{counted or 'none'}. Clearly more modes than without ({modes_of_plain:.1f}): {more or 'none'}."
        )
    return "\n".join(lines)


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the figures."""
    return {
        "orders": draw_orders(tables["paths"]),
        "scores": draw_scores(final(tables["scores"])),
        **{data: draw_samples(tables["points"], data) for data in ("ring8", "grid25")},
    }


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure, collect=collect)
