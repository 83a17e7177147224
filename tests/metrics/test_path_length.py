"""Perceptual path length: closed forms, ranks, the command, and what it does not fit."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.errors import UserError
from gan.metrics.evaluator import Evaluator
from gan.metrics.path_length import PerceptualPathLength, mean_between_percentiles, perceptual_path_lengths
from gan.metrics.sampled import SampledImages, SampleSource
from gan.models.interpolation import slerp
from gan.models.latent_space import SpaceName
from gan.models.sampler import Sampler
from gan.nn.pretrained.base import FeatureMaps
from tests.conftest import TINY, Run, run_here
from tests.metrics.test_evaluator import CPU, DATA, Pixels, batches, gaussian
from tests.models.test_stylegan2 import model
from tests.test_errors import error_line

Train = Callable[..., Run]


class Angle(FeatureMaps):
    """Feature of length one for each image, whose angle is the mean of its pixels."""

    name = "angle"
    weights_digest = "none"

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        angle = images.double().mean((1, 2, 3), keepdim=True)
        return [torch.cat([angle.cos(), angle.sin()], 1)]


class FirstEntry(nn.Module):
    """Generator of images of one pixel, the first entry of z times a factor."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor, dtype=torch.float64))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return (self.factor * z[:, :1])[:, :, None, None]


def source(factor: float = 1.0, seed: int = 0) -> SampleSource:
    return SampleSource(Sampler(FirstEntry(factor), 3, ema_decay=0), seed=seed)


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_lengths_are_squared_derivatives_along_the_great_circle(factor: float) -> None:
    """Features on the unit circle move by as much as the pixel does."""
    num, step = 40, 1e-2
    lengths = perceptual_path_lengths(source(factor), Angle(), range(num), num, "z", step)
    z = source().model.sample_input(range(2 * num)).z
    assert z is not None
    places = torch.rand(num, 1, generator=torch.Generator().manual_seed(0))
    moved = slerp(z[:num], z[num:], places + step) - slerp(z[:num], z[num:], places)
    assert_close(lengths, (factor * moved[:, 0] / step).square(), rtol=0.02, atol=1e-3)


def test_paths_do_not_depend_on_the_rank_that_follows_them() -> None:
    whole, *parts = (
        perceptual_path_lengths(source(seed=3), Angle(), part, 300, "z", 1e-2)
        for part in (range(300), range(7), range(7, 280), range(280, 300), range(300, 300))
    )
    assert_close(torch.cat(parts), whole)


@pytest.mark.parametrize("space", ["z", "w"])
def test_lengths_of_a_stylegan2_do_not_depend_on_the_step_if_it_is_short(space: SpaceName) -> None:
    torch.manual_seed(0)
    game = SampleSource(model())
    coarse, fine = (perceptual_path_lengths(game, Angle(), range(4), 4, space, step) for step in (3e-3, 1e-3))
    assert (fine > 0).all()
    assert_close(coarse, fine, rtol=0.1, atol=1e-4)


def test_the_mean_leaves_out_both_ends() -> None:
    lengths = torch.arange(1.0, 102)
    lengths[-1] = 1e9
    assert mean_between_percentiles(lengths) == (51.0, 99)


def test_the_measure_needs_a_generator_with_latent_vectors(tmp_path: Path) -> None:
    measure = PerceptualPathLength(Angle, num_paths=200, epsilon=1e-2)
    evaluator = Evaluator(Pixels, {"ppl": measure}, num_samples=50, cache=str(tmp_path))
    prepared = evaluator.prepare(DATA, CPU)
    scores = prepared(iter(()), source())
    assert list(scores) == ["ppl_z"] == list(prepared.higher_is_better)
    expected = perceptual_path_lengths(source(), Angle(), range(200), 200, "z", 1e-2)
    assert scores["ppl_z"] == pytest.approx(mean_between_percentiles(expected)[0])
    assert prepared.protocol["measures"]["ppl"] == {
        "network": "angle",
        "weights": "none",
        "num_paths": 200,
        "epsilon": 1e-2,
    }
    with pytest.raises(UserError, match="ppl_z is a score of a model itself, and there are samples alone"):
        prepared(batches(gaussian((0.0, 0.0), (1.0, 1.0), 50)))
    with pytest.raises(UserError, match="name another metric first"):
        prepared.baselines()
    evaluator.check(SampledImages.of(Sampler(FirstEntry(1.0), 3), DATA), "")
    with pytest.raises(UserError, match="latent vectors alone, but images of x have none"):
        evaluator.check(SampledImages(model=True), "images of x have none")
    with pytest.raises(UserError, match="metric=ppl scores a model itself"):
        evaluator.check(SampledImages(), "images of x have none")


def test_in_training_and_by_the_command(train: Train) -> None:
    pytest.importorskip("efficientnet_lite_pytorch")
    options = ["metric=[frechet,ppl]", "metric.measures.ppl.num_paths=4", "trainer.max_steps=1"]
    run = train(*TINY, *options)
    assert run.status == 0, run.err
    (scores,) = run.results["scores"].values()
    assert scores["ppl_z"] > 0
    one = ["metric.measures.ppl.num_paths=4", "metric=ppl", "seeds=1"]
    done = run_here("-m", "gan.evaluate", str(run.folder), *one)
    assert done.status == 0, done.err
    assert f"{scores['ppl_z']:.3g}"[:3] in done.out
    assert "name another metric first" in error_line(train(*TINY, "metric=ppl", "trainer.max_steps=1", name="first"))
