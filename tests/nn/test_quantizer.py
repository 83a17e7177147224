"""Vector quantisation: the nearest code, and gradients."""

import torch
from torch.testing import assert_close

from gan.nn.quantizer import VectorQuantizer, straight_through


def test_the_nearest_code_is_found_under_half_precision() -> None:
    torch.manual_seed(0)
    quantizer, encoded = VectorQuantizer(50, 4), torch.randn(6, 4, 3, 2)
    flat = encoded.movedim(1, -1).flatten(0, 2)
    expected = torch.cdist(flat, quantizer.codebook).argmin(1).view(6, 3, 2)
    with torch.autocast("cpu", torch.bfloat16):
        vectors, codes = quantizer(encoded)
    assert torch.equal(codes, expected)
    assert_close(vectors[2, :, 1, 0], quantizer.codebook[codes[2, 1, 0]])
    assert_close(quantizer.look_up(codes), vectors)


def test_straight_through_gradients() -> None:
    torch.manual_seed(0)
    quantizer, encoded = VectorQuantizer(8, 4), torch.randn(6, 4, 3, 2, requires_grad=True)
    vectors = quantizer(encoded).vectors
    output = straight_through(encoded, vectors)
    assert_close(output, vectors)
    weight = torch.randn_like(output)
    assert_close(torch.autograd.grad((output * weight).sum(), encoded, retain_graph=True)[0], weight)
    vectors.sum().backward()
    assert quantizer.codebook.grad is not None
    assert quantizer.codebook.grad.sum() == 6 * 4 * 3 * 2
