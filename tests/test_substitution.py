"""Substitution: references to keys, and nothing else."""

from typing import Any

import pytest
from omegaconf import OmegaConf

from gan.errors import UserError
from gan.substitution import get_value, keep_references, set_value, substitute


def test_references_are_replaced_by_values() -> None:
    config = {
        "seed": 3,
        "loss": {"norm": "batch", "terms": [{"weight": 2.0}]},
        "model": {"seed": "${seed}", "norm": "${loss.norm}", "objective": "${loss}", "shape": ["${seed}", "a"]},
        "weight": "${model.objective.terms[0].weight}",
        "name": "${loss.norm}-${seed}",
    }
    values = substitute(config)
    model = {"seed": 3, "norm": "batch", "objective": config["loss"], "shape": [3, "a"]}
    assert values == {**config, "model": model, "weight": 2.0, "name": "batch-3"}
    resolved = OmegaConf.to_container(OmegaConf.create(config), resolve=True)
    assert values == resolved, "as OmegaConf does"


@pytest.mark.parametrize(
    "value",
    [
        "${oc.env:HOME}",
        "a ${oc.env:HOME}",
        "\\${oc.env:HOME}",
        "\\\\${key}",
        "\\${key}",
        "${${key}}",
        "${.key}",
        "${oc.env:${key}}",
        "${ key }",
        "${",
        "${dollar}{key}",
        "${a}",
        "${b.c}",
        "${unknown}",
        "${key.part}",
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_everything_else_is_refused(value: str, nested: bool) -> None:
    config: dict[str, Any] = {"key": "k", "dollar": "$", "b": {"c": "${b.d}", "d": "${b}"}}
    with pytest.raises(UserError) as error:
        substitute(config | {"a": [{"x": value}] if nested and value != "${a}" else value})
    assert "\n" not in str(error.value)


def test_what_multiplies_without_end_is_refused() -> None:
    config: dict[str, Any] = {"x0": [0] * 10}
    config |= {f"x{n}": [f"${{x{n - 1}}}"] * 10 for n in range(1, 12)}
    with pytest.raises(UserError, match="too large"):
        substitute(config)
    deep: Any = 0
    for _ in range(400):
        deep = [deep]
    with pytest.raises(UserError, match="too large"):
        substitute({"x": deep})


def test_resolvers_are_resolved_when_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLDER", "/home")
    config = OmegaConf.create(
        {
            "env": "${oc.env:FOLDER}/x",
            "a": {"b": 1, "c": "${env}", "d": "${.b}", "e": ["${a.b}", "${oc.decode:'[1, 2]'}"], "f": "${missing.key}"},
            "g": None,
            "h": "???",
        }
    )
    assert keep_references(config) == {
        "env": "/home/x",
        "a": {"b": 1, "c": "${env}", "d": 1, "e": ["${a.b}", [1, 2]], "f": "${missing.key}"},
        "g": None,
        "h": "???",
    }
    with pytest.raises(UserError, match=r"a\.b: '\$\{' cannot be part of a text"):
        keep_references(OmegaConf.create({"a": {"b": "costs \\${5}"}}))


def test_values_are_found_and_set_through_references() -> None:
    config: dict[str, Any] = {"metric": {"cache": "x"}, "callbacks": {"evaluation": {"metric": "${metric}"}}}
    assert get_value(config, "callbacks.evaluation.metric.cache") == "x"
    assert get_value(config, "callbacks.no.such", default=5) == 5
    set_value(config, "callbacks.evaluation.metric.cache", "y")
    set_value(config, "a.b.c", 1)
    assert config == {
        "metric": {"cache": "y"},
        "callbacks": {"evaluation": {"metric": "${metric}"}},
        "a": {"b": {"c": 1}},
    }
