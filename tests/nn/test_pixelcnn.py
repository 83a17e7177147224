"""PixelCNN: dependencies between codes, and samples by the inverse of the distribution function."""

import pytest
import torch
from torch.testing import assert_close

from gan.nn.pixelcnn import PixelCNN


def test_each_code_depends_on_all_previous_codes_and_no_others() -> None:
    torch.manual_seed(0)
    prior = PixelCNN(5, width=6, depth=4).double()
    codes = torch.randint(5, (1, 4, 5))
    for index in range(20):
        changed = codes.flatten().clone()
        changed[index] = (changed[index] + 1) % 5
        affected = (prior(changed.view(1, 4, 5)) - prior(codes)).abs().amax(1).flatten() > 0
        assert affected.tolist() == [other > index for other in range(20)], index


@pytest.mark.parametrize("size", [(1, 4), (3, 1), (4, 5)])
def test_samples_invert_the_distribution_function(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    prior, uniform = PixelCNN(7, width=4, depth=3).double(), torch.rand(30, *size, dtype=torch.float64)
    codes = prior.sample(uniform)
    assert codes.shape == (30, *size)
    assert len(codes.unique()) == 7
    cumulative = torch.cat([torch.zeros(30, 1, *size), prior(codes).softmax(1).cumsum(1)], 1)
    assert (cumulative.gather(1, codes[:, None])[:, 0] <= uniform + 1e-6).all()
    assert (cumulative.gather(1, codes[:, None] + 1)[:, 0] > uniform - 1e-6).all()


def test_extreme_uniform_numbers_give_the_first_and_last_code() -> None:
    prior = PixelCNN(3, width=2, depth=1)
    ends = torch.tensor([0.0, 1 - 2**-24]).view(2, 1, 1).expand(2, 2, 2)
    assert_close(prior.sample(ends)[:, 0, 0], torch.tensor([0, 2]))
