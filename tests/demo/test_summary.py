"""Demo: facts about a generator, and the check that two are comparable."""

from collections.abc import Callable
from pathlib import Path

import pytest

import gan
from gan.demo.summary import check_comparable, facts
from gan.errors import UserError

Checkpoint = Callable[..., Path]


def test_facts_include_the_score_of_the_checkpoints_step(checkpoint: Checkpoint) -> None:
    path = checkpoint("model=cgan")
    values = facts(gan.load(path))
    assert values["step"] == "1"
    assert values["score"].startswith("fd_classifier ")
    assert values["score"].endswith("(lower is better)")
    results = path.parent.parent / "results.json"
    content = results.read_text()
    for damaged in ("{", "[]", '{"score_name": null, "scores": {}}'):
        results.write_text(damaged)
        assert "score" not in facts(gan.load(path))
    results.write_text(content)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (["model=dcgan"], "num_classes is 10 and 1"),
        (["model=cgan", "model.latent_dim=32"], "latent_dim is 100 and 32"),
        (["model=cgan", "model.latent=uniform"], "latent is normal and uniform"),
    ],
)
def test_generators_that_cannot_be_compared(checkpoint: Checkpoint, other: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_comparable(gan.load(checkpoint("model=cgan")), gan.load(checkpoint(*other)))
