"""Summary of the course: which models it compares, their order and their failures."""

import pytest
from pandas import DataFrame

from gan.config import compose_config
from gan.course.summary import FAMILIES, MODELS, UPDATES, failures, ranking
from gan.resolvers import register_resolvers
from tests.course.recipes import sweep_of
from tests.test_conf import choices


@pytest.mark.long
def test_it_compares_all_models_from_noise() -> None:
    """Models of sentences draw images from noise too, but need captions, which the course's digits lack."""
    register_resolvers()
    models = {model: compose_config("train", [f"model={model}"]).model for model in choices("model")}
    from_noise = {name for name, model in models.items() if model.get("latent_dim") and "mismatched" not in model}
    assert from_noise == set(MODELS)
    assert sorted(model for _, models in FAMILIES.values() for model in models) == sorted(MODELS)


def test_the_sweep_has_the_models_without_options() -> None:
    plain = {model for model, options in MODELS.items() if not options}
    assert set(sweep_of("summary")["model"].split(",")) == plain
    assert compose_config("train", ["experiment=course/summary"]).trainer.max_steps == UPDATES


def runs(**scores: list[float]) -> DataFrame:
    rows = [
        {"model": model, "seed": seed, "half": 50.0, "score": score, "warning": float("nan")}
        for model, of_model in scores.items()
        for seed, score in enumerate(of_model)
    ]
    return DataFrame(rows)


def test_models_within_the_spread_of_the_best_are_named() -> None:
    shown = ranking(runs(dcgan=[10.0, 12.0], sngan=[11.0, 12.0], vae=[30.0, 31.0]))
    assert shown == "Lowest mean: `dcgan`. `sngan` does not differ from it. Order: `dcgan`, `sngan`, `vae`."


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        (40.0, "None."),
        (60.0, "- `dcgan`: seed 0 was better half-way (50.0) than in the end (60.0)."),
        (800.0, "- `dcgan`: seed 0 ended no better than noise."),
    ],
)
def test_failures_are_listed(score: float, shown: str) -> None:
    assert failures(runs(dcgan=[score]), noise=700.0) == shown


def test_warnings_are_listed() -> None:
    assert failures(runs(dcgan=[40.0]).assign(warning="D wins"), noise=700.0) == "- `dcgan`: seed 0 warned: D wins."
