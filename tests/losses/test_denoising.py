"""Loss of a denoising diffusion model: values by hand."""

import torch
from torch.testing import assert_close

from gan.losses.denoising import Denoising


def test_the_loss_is_the_mean_squared_error_of_the_noise() -> None:
    noise = torch.randn(6, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    terms, measures = Denoising()(noise, (noise + 0.5).bfloat16())
    assert terms.keys() == {"noise"}
    assert measures == {}
    assert_close(terms["noise"], torch.tensor(0.25), rtol=0.01, atol=0)
    assert Denoising()(noise, noise)[0]["noise"] == 0
