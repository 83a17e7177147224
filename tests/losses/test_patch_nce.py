"""Contrastive loss of patches: an independent computation, its gradient, and passes of a translator."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.losses.patch_nce import IdentityNCE, PatchNCE, info_nce
from gan.nn.contrastive_translator import ContrastiveTranslator
from gan.nn.residual_translator import ResidualTranslator
from gan.types import Batch, DiscriminatorOutput, GeneratorInput, GeneratorPass
from tests.passes import make_pass

SHAPE = (1, 16, 16)
TEMPERATURE = 0.07


def translator() -> ContrastiveTranslator:
    torch.manual_seed(0)
    network = ContrastiveTranslator(ResidualTranslator(SHAPE, SHAPE, width=2, blocks=3), head_width=8).double()
    for name, parameter in network.named_parameters():
        if "heads" in name and parameter.dim() == 2:
            torch.nn.init.xavier_normal_(parameter)
    return network


def translation(network: ContrastiveTranslator, rows: slice = slice(4)) -> GeneratorPass:
    """Return a pass over some rows of four source images and as many target images."""
    images = torch.Generator().manual_seed(1)
    source, target = torch.rand(2, 4, *SHAPE, generator=images, dtype=torch.float64)[:, rows] * 2 - 1
    inputs: Any = GeneratorInput(None, None, source)
    generated = network(None, None, source)
    settings = {"generator": network, "generate": lambda given: network(*given[:3]), "inputs": inputs}
    output = DiscriminatorOutput(target.flatten(1)[:, 0], target.flatten(1))
    rng = KeyedRandom(0, total=4, rows=rows)
    d_pass = make_pass(lambda _: output, target, generated.images, output, output, rng)
    batch = Batch(target, torch.zeros(len(target)), source)
    return replace(d_pass, player="generator", batch=batch, generated=generated, **settings)


def test_loss_and_gradient_match_an_independent_computation() -> None:
    vectors = torch.randn(2, 3, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    queries, keys = vectors / vectors.norm(dim=3, keepdim=True)
    queries.requires_grad_()
    value = info_nce(queries, keys, TEMPERATURE)
    value.backward()
    losses, gradient = [], torch.zeros_like(queries)
    for image in range(3):
        for place in range(5):
            scores = [queries[image, place].detach() @ key / TEMPERATURE for key in keys[image]]
            weights = torch.stack(scores).exp()
            losses.append(-torch.log(weights[place] / weights.sum()))
            pull = (weights / weights.sum()) @ keys[image] - keys[image, place]
            gradient[image, place] = pull / TEMPERATURE / 15
    assert_close(value.detach(), torch.stack(losses).mean())
    assert_close(queries.grad, gradient)


def test_penalty_is_the_mean_over_layers_of_translations_against_detached_sources() -> None:
    network = translator()
    g_pass = translation(network)
    everywhere = PatchNCE(weight=1.0, temperature=TEMPERATURE, patches=16 * 16)
    source = g_pass.inputs.condition
    assert isinstance(source, Tensor)
    sides = [network.encode(images) for images in (g_pass.generated.images, source)]
    places = [torch.arange(x.shape[2] * x.shape[3]).expand(4, -1) for x in sides[0]]
    queries, keys = (network.project(features, places) for features in sides)
    assert [x.shape[1] for x in queries] == [256, 64, 16, 16, 16]
    expected = torch.stack([info_nce(q, k.detach(), TEMPERATURE) for q, k in zip(queries, keys, strict=True)]).mean()
    value = everywhere(g_pass)
    assert_close(value, expected.float())
    parameters = list(network.parameters())
    assert_close(
        torch.autograd.grad(value, parameters, retain_graph=True),
        torch.autograd.grad(expected, parameters),
        rtol=1e-3,
        atol=1e-5,
    )


@pytest.mark.parametrize("kind", [PatchNCE, IdentityNCE])
def test_places_do_not_depend_on_how_a_batch_is_split(kind: type[PatchNCE]) -> None:
    network, penalty = translator(), kind(patches=12)
    whole = penalty(translation(network))
    parts = [penalty(translation(network, rows)) for rows in (slice(1), slice(1, 4))]
    assert_close(whole, parts[0] / 4 + 3 / 4 * parts[1])


def test_the_source_is_encoded_with_its_translation() -> None:
    network = translator()
    g_pass = translation(network)
    runs = list[int]()
    network.network.layers[0].register_forward_hook(lambda *_: runs.append(1))
    PatchNCE()(g_pass)
    assert len(runs) == 1, "of the translation"
    assert isinstance(g_pass.inputs.condition, Tensor)
    assert g_pass.generated.extras is not None
    assert_close(list(g_pass.generated.extras.values()), network.encode(g_pass.inputs.condition))


def test_terms_that_do_not_fit_say_so() -> None:
    g_pass = translation(translator())
    with pytest.raises(UserError, match="model=cut"):
        PatchNCE()(replace(g_pass, generator=torch.nn.Identity()))
    with pytest.raises(UserError, match="identity_nce=null"):
        IdentityNCE()(replace(g_pass, batch=g_pass.batch._replace(real=g_pass.batch.real.expand(-1, 3, -1, -1))))
