"""Summary of the course: all models from noise to digits in one table, after equally many updates."""

from collections.abc import Mapping, Sequence
from statistics import mean

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from pandas import DataFrame

from gan.course.chapter import Blocks, Chapter, Figures, Tables
from gan.course.page import baseline_sentence, markdown_table, spread
from gan.course.seeds import differs, plain_ticks
from gan.course.update_costs import model_costs
from gan.runs.record import RunRecord

__all__ = ["CHAPTER"]

UPDATES = 700
IMAGES = 4000  # real images in each phase of ProGAN's growth
MODELS: dict[str, list[str]] = {  # options that a model's sweep adds; in the order of the page
    "mlp_gan": [],
    "dcgan": [],
    "cgan": [],
    "cdcgan": [],
    "acgan": [],
    "infogan": [],
    "multi_gan": [],
    "unrolled_gan": [],
    "began": [],
    "sngan": [],
    "sagan": [],
    "biggan": [],
    "r3gan": [],
    "stylegan2": [],
    "progan": ["model.fade_images={images}", "model.stable_images={images}"],
    "vae": ["schedule.value=1"],
    "vqvae": ["schedule.value=1"],
    "ddpm": ["schedule.value=1"],
}
FAMILIES = {  # models by what is new in them: colour, members
    "perceptrons and DCGAN": ("#777777", ("mlp_gan", "dcgan")),
    "classes and codes": ("#1f6fb4", ("cgan", "cdcgan", "acgan", "infogan", "biggan")),
    "several generators, looking ahead": ("#d9731a", ("multi_gan", "unrolled_gan")),
    "autoencoder as D": ("#b8860b", ("began",)),
    "normalised residual networks": ("#2b8a3e", ("sngan", "sagan", "r3gan")),
    "growth and styles": ("#c0392b", ("progan", "stylegan2")),
    "autoencoders and diffusion": ("#7d3c98", ("vae", "vqvae", "ddpm")),
}
LABELLED_BELOW = ("cgan", "multi_gan", "sngan")  # in the figure, where labels would overlap
SCORE = "fd_classifier"


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the scores and the memory of all runs, and what they warned of."""
    rows = []
    baselines: dict[str, float] = {}
    for run in runs:
        assert run.results is not None
        results = run.results
        row = {"model": str(run.config["name"]).rsplit("-", 1)[0], "seed": int(run.config["seed"])}
        half, score = (run.scores[step][SCORE] for step in (results.global_step // 2, results.global_step))
        row |= {"updates": results.global_step, "critic_steps": run.group("loss").get("critic_steps", 0)}
        row |= {"half": half, "score": score, "memory": results.peak_memory_mb}
        rows.append(row | {"warning": "; ".join(warning.split(":")[0] for warning in results.warnings)})
        baselines |= results.baselines
    table = DataFrame(rows).sort_values("seed")
    table = table.sort_values("model", key=lambda column: column.map(list(MODELS).index), kind="stable")
    return {"runs": table, "baselines": DataFrame([baselines])}


def measure(short: bool) -> Tables:
    """Count the parameters of each model, and measure the CPU time of its updates.

    A model that grows does so in proportion to the shorter run.
    """
    rows = []
    steps = 15 if short else 40
    for model, extra in MODELS.items():
        options = [option.format(images=IMAGES * steps // UPDATES) for option in extra]
        costs = model_costs(["experiment=course/summary", f"model={model}", *options], steps)
        rows.append({"model": model, **costs})
    return {"costs": DataFrame(rows)}


# Tables --------------------------------------------------------------------------------------------------------------


def blocks(tables: Mapping[str, DataFrame]) -> Blocks:
    """Return the generated parts of the page."""
    runs = tables["runs"]
    return {
        "models": model_table(runs, tables["costs"]),
        "ranking": ranking(runs),
        "failures": failures(runs, tables["baselines"].iloc[0]["noise"]),
        "baselines": baseline_sentence(tables["baselines"]),
    }


def model_table(runs: DataFrame, costs: DataFrame) -> str:
    """Return parameters, updates, time, memory and score of each model."""
    rows = []
    for model, part in runs.groupby("model", sort=False):
        cost = costs[costs["model"] == model].iloc[0]
        updates, critic_steps = int(part["updates"].iloc[0]), int(part["critic_steps"].iloc[0])
        parameters = " and ".join(f"{cost[name] / 1e6:.2f} M" for name in ("generator_parameters", "parameters"))
        rows.append(
            (
                f"`{model}`",
                parameters,
                f"{updates * critic_steps:,}" if critic_steps else "–",
                f"{1000 * cost['seconds']:.0f} ms",
                f"{updates * cost['seconds']:.0f} s",
                f"{part['memory'].max():,.0f} MB",
                spread(part["half"]),
                spread(part["score"]),
            )
        )
    updates = int(runs["updates"].iloc[0])
    columns = (
        "model",
        "parameters of G, and of all",
        "updates of D",
        "an update",
        f"all {updates:,}",
        "memory",
        f"score after {updates // 2:,}",
        f"after {updates:,}",
    )
    return markdown_table(columns, rows)


def ranking(runs: DataFrame) -> str:
    """Return the models in the order of their scores, and those that do not differ from the best."""
    scores = {str(model): list(part["score"]) for model, part in runs.groupby("model", sort=False)}
    order = sorted(scores, key=lambda model: mean(scores[model]))
    best = order[0]
    equal = [f"`{model}`" for model in order[1:] if not differs(scores[best], scores[model])]
    tied = f" {', '.join(equal)} {'does' if len(equal) == 1 else 'do'} not differ from it." if equal else ""
    return f"Lowest mean: `{best}`.{tied} Order: {', '.join(f'`{model}`' for model in order)}."


def failures(runs: DataFrame, noise: float) -> str:
    """Return the runs that ended no better than noise, that got worse, or that warned."""
    lines = []
    for model, part in runs.groupby("model", sort=False):
        notes = []
        for row in part.to_dict("records"):
            if row["score"] >= noise:
                notes.append(f"seed {row['seed']} ended no better than noise")
            elif row["score"] > row["half"]:
                notes.append(
                    f"seed {row['seed']} was better half-way ({row['half']:.1f}) than in the end ({row['score']:.1f})"
                )
            if isinstance(row["warning"], str) and row["warning"]:
                notes.append(f"seed {row['seed']} warned: {row['warning']}")
        if notes:
            lines.append(f"- `{model}`: {'; '.join(notes)}.")
    return "\n".join(lines) or "None."


# Figures -------------------------------------------------------------------------------------------------------------


def figures(tables: Mapping[str, DataFrame]) -> Figures:
    """Draw the score of each model over the CPU time of its training."""
    runs, costs = tables["runs"], tables["costs"].set_index("model")
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    for family, (color, models) in FAMILIES.items():
        for model in models:
            part = runs[runs["model"] == model]
            seconds = part["updates"].iloc[0] * costs.loc[model, "seconds"]
            average, deviation = part["score"].mean(), part["score"].std()
            axes.errorbar(seconds, average, deviation, color=color, marker="o", capsize=3)
            place = (6, -11) if model in LABELLED_BELOW else (6, 3)
            axes.annotate(model, (seconds, average), xytext=place, textcoords="offset points", fontsize=9, color=color)
        axes.plot([], [], "o", color=color, label=family)
    axes.set(xscale="log", yscale="log", xlabel="CPU seconds of training", ylabel="Fréchet distance")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    plain_ticks(axes)
    figure.legend(loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    return {"models": figure}


CHAPTER = Chapter(blocks=blocks, figures=figures, measure=measure, collect=collect)
