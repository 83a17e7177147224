"""VQ-VAE's terms: whom each moves, what the bound is, and how many codes are in use."""

import math

import pytest
import torch
from torch.testing import assert_close

from gan.losses.elbo import gaussian_cost
from gan.losses.vector_quantization import VectorQuantization, codebook_use
from gan.types import Quantized


def test_terms_and_whom_they_move() -> None:
    torch.manual_seed(0)
    images, made = torch.rand(2, 4, 1, 8, 8) * 2 - 1
    encoded, vectors = torch.randn(4, 3, 2, 2, requires_grad=True), torch.randn(4, 3, 2, 2, requires_grad=True)
    codes, logits = torch.randint(5, (4, 2, 2)), torch.zeros(4, 5, 2, 2)
    terms, measures = VectorQuantization(0.25)(images, made, encoded, Quantized(vectors, codes), logits)
    apart = (encoded - vectors).square().mean()
    assert_close(terms["codebook"], apart)
    assert_close(terms["commitment"], 0.25 * apart)
    assert_close(terms["prior"], torch.tensor(math.log(5)))
    assert_close(measures["elbo"], -(gaussian_cost(images, made) + 4 * math.log(5)))
    ends = (encoded, vectors)
    of_codebook = torch.autograd.grad(terms["codebook"], ends, allow_unused=True, retain_graph=True)
    of_encoder = torch.autograd.grad(terms["commitment"], ends, allow_unused=True)
    assert [gradient is None for gradient in of_codebook] == [True, False]
    assert [gradient is None for gradient in of_encoder] == [False, True]


@pytest.mark.parametrize(
    ("codes", "perplexity", "used"),
    [([0, 1, 2, 3], 4.0, 0.5), ([3, 3, 3, 3], 1.0, 0.125), ([0, 0, 1, 1], 2.0, 0.25)],
)
def test_codebook_use(codes: list[int], perplexity: float, used: float) -> None:
    found = codebook_use(torch.tensor(codes), 8)
    assert_close(found["perplexity"], torch.tensor(perplexity))
    assert_close(found["codes_used"], torch.tensor(used))


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="commitment"):
        VectorQuantization(-1.0)
