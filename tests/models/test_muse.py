"""MUSE: an orthogonal map that finds the rotation between two made languages."""

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from gan.data.made_languages import made_languages
from gan.data.vec_file import write_vectors
from gan.data.vectors import as_word_vectors
from gan.metrics.word_translation import precisions
from gan.models.muse import MUSE, linear_map_of
from tests.test_conf import composed, data_of, fit

SMALL = ["model=muse", "data.made_words=200", "data.dimension=4", "data.commonest=150", "data.batch_size=64"]


def test_the_map_stays_almost_orthogonal(tmp_path: Path) -> None:
    model = fit(composed(*SMALL, "model.orthogonality=0.1"), tmp_path, max_steps=40)
    weight = linear_map_of(model)
    assert (weight - torch.eye(4)).abs().max() > 0.05
    assert_close(weight @ weight.T, torch.eye(4), atol=0.1, rtol=0)
    free = linear_map_of(fit(composed(*SMALL, "model.orthogonality=0"), tmp_path, max_steps=40))
    assert (free @ free.T - torch.eye(4)).abs().max() > (weight @ weight.T - torch.eye(4)).abs().max()


def test_the_discriminator_sees_no_source_vector(tmp_path: Path) -> None:
    model = fit(composed(*SMALL), tmp_path)
    assert isinstance(model, MUSE)
    assert model.uses_condition
    assert not getattr(model.discriminator, "takes_condition", True)


@pytest.mark.long
def test_the_game_turns_a_rough_map_into_the_right_one(tmp_path: Path) -> None:
    """The map starts as the identity, and the target language is turned by a little more than words can bear."""
    source, _ = made_languages(400, 10, 0.0, seed=0)
    skew = torch.randn(10, 10, generator=torch.Generator().manual_seed(1))
    turned = source.vectors @ torch.matrix_exp(0.3 * (skew - skew.T)).T
    for name, vectors in (("a", source.vectors), ("b", turned)):
        write_vectors(source._replace(vectors=vectors), tmp_path / f"{name}.vec")
    paths = [f"data.source_path={tmp_path / 'a.vec'}", f"data.target_path={tmp_path / 'b.vec'}"]
    config = composed("model=muse", *paths, "data.dictionary_path=same")
    torch.manual_seed(0)
    model, data = fit(config, tmp_path, max_steps=400), as_word_vectors(data_of(config), "this test")
    before, after = (precisions(data, weight)["p1"] for weight in (torch.eye(10), linear_map_of(model)))
    assert before < 0.2
    assert after > 0.5, (before, after)
