"""LeCam regularisation: the authors' formula, and averages that follow the discriminator's steps."""

import torch
from torch.testing import assert_close

from gan.losses.lecam import LeCam
from gan.types import DiscriminatorOutput, DiscriminatorPass
from tests.passes import make_pass

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


def a_pass() -> DiscriminatorPass:
    images = torch.zeros(2, 1, 2, 2)
    real, fake = (DiscriminatorOutput(logits, images) for logits in (REAL, FAKE))
    return make_pass(lambda _: real, images, images, real, fake)


def test_distances_from_the_averages_of_the_other_kind() -> None:
    regularizer, d_pass = LeCam(2.0, start=0), a_pass()
    regularizer.real.fill_(0.4)
    regularizer.fake.fill_(-0.5)
    expected = 2 * (2.5**2 / 2 + 3.4**2 / 2)  # the others lie beyond the averages
    assert_close(regularizer(d_pass), torch.tensor(expected))
    assert_close(d_pass.measures, {"lecam_real": torch.tensor(0.5), "lecam_fake": torch.tensor(-1.25)})


def test_averages_are_the_latest_values_until_the_start() -> None:
    regularizer = LeCam(decay=0.75, start=2)
    for value in (1.0, 3.0, 7.0):
        assert bool(regularizer(a_pass()) != 0) == (value == 7.0)
        values = {"lecam_real": torch.tensor(value), "lecam_fake": torch.tensor(-value)}
        regularizer.after_step("discriminator", values)
        regularizer.after_step("generator", values)
        regularizer.after_step("discriminator", {"adversarial": torch.tensor(9.0)})
    assert_close(regularizer.real, torch.tensor(0.75 * 3 + 0.25 * 7))
    assert_close(regularizer.fake, -regularizer.real)
    assert regularizer.state_dict().keys() == {"real", "fake", "steps"}
