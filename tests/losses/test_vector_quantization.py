"""VQ-VAE loss: values and gradients of its terms, the bound, and the codebook's usage."""

import math

import pytest
import torch
from torch.testing import assert_close

from gan.losses.elbo import gaussian_nll
from gan.losses.vector_quantization import VectorQuantization, codebook_usage
from gan.types import Quantized


def test_terms_and_their_gradients() -> None:
    torch.manual_seed(0)
    images, reconstructions = torch.rand(2, 4, 1, 8, 8) * 2 - 1
    encoded, vectors = torch.randn(4, 3, 2, 2, requires_grad=True), torch.randn(4, 3, 2, 2, requires_grad=True)
    codes, logits = torch.randint(5, (4, 2, 2)), torch.zeros(4, 5, 2, 2)
    terms, measures = VectorQuantization(0.25)(images, reconstructions, encoded, Quantized(vectors, codes), logits)
    distance = (encoded - vectors).square().mean()
    assert_close(terms["codebook"], distance)
    assert_close(terms["commitment"], 0.25 * distance)
    assert_close(terms["prior"], torch.tensor(math.log(5)))
    assert_close(measures["elbo"], -(gaussian_nll(images, reconstructions) + 4 * math.log(5)))
    inputs = (encoded, vectors)
    codebook_gradients = torch.autograd.grad(terms["codebook"], inputs, allow_unused=True, retain_graph=True)
    commitment_gradients = torch.autograd.grad(terms["commitment"], inputs, allow_unused=True)
    assert [gradient is None for gradient in codebook_gradients] == [True, False]
    assert [gradient is None for gradient in commitment_gradients] == [False, True]


@pytest.mark.parametrize(
    ("codes", "perplexity", "used"),
    [([0, 1, 2, 3], 4.0, 0.5), ([3, 3, 3, 3], 1.0, 0.125), ([0, 0, 1, 1], 2.0, 0.25)],
)
def test_codebook_usage(codes: list[int], perplexity: float, used: float) -> None:
    usage = codebook_usage(torch.tensor(codes), 8)
    assert_close(usage["perplexity"], torch.tensor(perplexity))
    assert_close(usage["codes_used"], torch.tensor(used))
