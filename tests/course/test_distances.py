"""Chapter 5: bounds against closed forms, and critics on two lines."""

import pytest
import torch

from gan.course.distances_runs import donsker_varadhan, draw_lines, estimate, gradient_norms, train
from gan.models.mlp_gan import Discriminator


def test_lines_are_at_the_distance() -> None:
    real, fake = draw_lines(0.5, 100, torch.Generator().manual_seed(0))
    assert real.shape == fake.shape == (100, 2)
    assert set(real[:, 0].tolist()) == {0.0}
    assert set(fake[:, 0].tolist()) == {0.5}


def test_bound_is_zero_for_a_constant_and_grows_with_the_margin() -> None:
    assert float(donsker_varadhan(torch.full((4,), 3.0), torch.full((8,), 3.0))) == pytest.approx(0, abs=1e-6)
    assert float(donsker_varadhan(torch.full((4,), 9.0), torch.full((8,), -9.0))) == pytest.approx(18)


def test_clipped_critic_is_flat_and_says_little() -> None:
    critic, _ = train("clip 0.01", 1.0, seed=0, steps=4)
    assert float(gradient_norms(critic, torch.zeros(3, 2)).max()) < 0.1
    assert max(float(weight.detach().abs().max()) for weight in critic.parameters()) <= 0.01


def test_estimate_of_a_critic_that_guesses() -> None:
    critic = Discriminator((1, 1, 2), width=4, depth=1)
    for parameter in critic.parameters():
        torch.nn.init.zeros_(parameter)
    real, fake = draw_lines(1.0, 16, torch.Generator().manual_seed(0))
    assert [estimate(name, critic, real, fake) for name in ("jsd", "kl", "penalty")] == pytest.approx(
        [0, 0, 0], abs=1e-6
    )
