"""Hand-written loops of StyleGAN2 and BigGAN: they train, and their penalties equal this project's."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.benchmark.recipes import RECIPES, bare_biggan, bare_stylegan2, off_diagonal, path_lengths
from gan.benchmark.workers import UpdateGate
from gan.instantiate import build
from gan.keyed_random import KeyedRandom
from gan.losses.generator_regularizers import Orthogonality, PathLength
from gan.models.biggan import Generator as BigGANGenerator
from gan.models.gan import GAN
from gan.types import Batch
from tests.benchmark.test_translation import StopAfter
from tests.test_conf import composed

SMALL = {
    "stylegan2-28": ["model.generator.width=2", "model.latent_dim=6"],
    "biggan-28": ["model.generator.width=4", "model.latent_dim=6", "model.generator.embedding_dim=5"],
}


@pytest.mark.parametrize(("name", "loop"), [("stylegan2-28", bare_stylegan2), ("biggan-28", bare_biggan)])
def test_loops_step_all_parameters(
    name: str, loop: Callable[[list[str], UpdateGate], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[tuple[int, int]] = []
    step = torch.optim.Adam.step

    def counted(self: torch.optim.Adam) -> None:
        parameters = [p for group in self.param_groups for p in group["params"]]
        steps.append((sum(p.grad is not None for p in parameters), len(parameters)))
        step(self)

    monkeypatch.setattr(torch.optim.Adam, "step", counted)
    with pytest.raises(StopIteration):
        loop([*RECIPES[name], *SMALL[name], "data.batch_size=4"], StopAfter(2))
    assert len(steps) == 4
    assert all(with_gradient == total for with_gradient, total in steps), "each player steps all of its parameters"


def test_path_lengths_are_those_of_the_regulariser(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    game: GAN = build(composed(*RECIPES["stylegan2-28"], *SMALL["stylegan2-28"]).model)
    batch = Batch(torch.zeros(6, 1, 28, 28), torch.zeros(6, dtype=torch.long))
    rng = KeyedRandom(0, total=6)
    g_pass = game.generator_pass("generator", batch, rng)
    noise = rng.clone().normal(1, 28, 28)[::2]
    wanted = PathLength(1.0, shrink=2).penalty(g_pass)

    some = g_pass.inputs.map(lambda x: x[::2])
    assert some.z is not None
    output = game.generator(some.z.requires_grad_(), None, some.noise)
    monkeypatch.setattr(torch, "randn_like", lambda _: noise)
    assert_close(path_lengths(output.images, output.w).square().mean(), wanted)


def test_the_orthogonality_is_that_of_the_regulariser() -> None:
    torch.manual_seed(0)
    generator = BigGANGenerator((1, 28, 28), 3, latent_dim=6, embedding_dim=5, width=2)
    for parameter in generator.parameters():
        torch.nn.init.normal_(parameter)
    matrices = [p for name, p in generator.named_parameters() if p.dim() > 1 and not name.startswith("label.")]

    class Pass:
        """The one field of a pass that the penalty reads."""

        def __init__(self, generator: Any) -> None:
            self.generator = generator

    wanted: Tensor = Orthogonality(1.0).penalty(Pass(generator))
    assert_close(off_diagonal(matrices), wanted)
