"""Top-k selection of fakes: which logits reach the generator's loss, how many, and where the gradient goes."""

from typing import Any

import torch
from torch.testing import assert_close

from gan.losses.adversarial import Hinge, NonSaturating, Relativistic
from gan.losses.objective import Objective
from gan.losses.top_k import TopK
from gan.types import DiscriminatorOutput, DiscriminatorPass
from tests.passes import make_pass

FAKE, REAL = torch.tensor([0.5, -3.0, 1.2, -1.0]), torch.tensor([2.0, 0.0, 1.0, 5.0])


def pass_with(fake: torch.Tensor, **settings: Any) -> DiscriminatorPass:
    images = torch.zeros(4, 1, 2, 2)
    outputs = (DiscriminatorOutput(logits, images) for logits in (REAL, fake))
    return make_pass(lambda _: DiscriminatorOutput(fake, images), images, images, *outputs, **settings)


def test_the_generator_learns_from_the_highest_scored_fakes() -> None:
    fake = FAKE.clone().requires_grad_()
    objective = Objective(Hinge(), top_k=TopK(0.5, decay=0.5, every=1))
    loss = objective.generator_terms(pass_with(fake, step=1))["adversarial"]
    assert_close(loss, torch.tensor(-(0.5 + 1.2) / 2))
    loss.backward()
    assert_close(fake.grad, torch.tensor([-0.5, 0.0, -0.5, 0.0]))
    whole = objective.discriminator_terms(pass_with(FAKE, step=1))["adversarial"]
    assert_close(whole, Hinge().discriminator(REAL, FAKE))


def test_real_logits_stay_paired_with_the_fakes() -> None:
    objective = Objective(Relativistic(), top_k=TopK(0.5, decay=0.5, every=1))
    loss = objective.generator_terms(pass_with(FAKE, step=1))["adversarial"]
    assert_close(loss, Relativistic().generator(FAKE[[2, 0]], REAL[[2, 0]]))


def test_fakes_with_a_score_per_patch_are_compared_by_their_mean() -> None:
    patches = torch.stack([FAKE - 1, FAKE + 1], 1)
    best, _ = TopK(0.25, decay=0.25, every=1)(patches, None, step=1)
    assert_close(best, patches[[2]])


def test_the_share_decays_to_its_final_value() -> None:
    top_k = TopK(share=0.5, decay=0.8, every=10)
    assert [top_k.number(100, step) for step in (0, 9, 10, 20, 1000)] == [100, 100, 80, 64, 50]
    assert TopK(share=0.1).number(4, 10**6) == 1


def test_batches_are_not_accumulated_from_parts() -> None:
    assert Objective(NonSaturating(), top_k=TopK()).couples_batch
    assert not Objective(NonSaturating()).couples_batch
