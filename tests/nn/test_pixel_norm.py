"""Pixelwise feature normalisation (Karras et al., 2018, Section 4.2)."""

import pytest
import torch
from torch.testing import assert_close

from gan.nn.pixel_norm import PixelNorm


@pytest.mark.parametrize("shape", [(3, 8), (3, 8, 4, 5)])
def test_each_vector_has_a_mean_square_of_one(shape: tuple[int, ...]) -> None:
    x = 5 * torch.randn(shape)
    y = PixelNorm()(x)
    assert_close(y.norm(dim=1), torch.full_like(y[:, 0], 8**0.5))
    assert_close(torch.cosine_similarity(x, y, dim=1), torch.ones_like(y[:, 0]))


def test_zeros_and_the_precision_are_kept() -> None:
    assert not PixelNorm()(torch.zeros(2, 4)).any()
    assert PixelNorm()(torch.ones(2, 4, dtype=torch.bfloat16)).dtype == torch.bfloat16
