"""Image-space filtering of ADA: random gains of four frequency bands (Karras et al., 2020)."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from gan.augment.pipeline import Change, zero_unless_applied
from gan.augment.resample import reflect
from gan.bounds import Strength
from gan.keyed_random import KeyedRandom

__all__ = ["Filtering"]

BANDS = 4
POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)  # expected share of an image's power in each band
SYM2 = (-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025)  # wavelet's low-pass filter


class Filtering(Change):
    """Gain of each of four frequency bands, lowest first, each for some images (Karras et al., 2020, Appendix B).

    The bands are octaves, separated by the wavelet sym2. For each gain, all bands are divided by one number, so that
    the expected power of an image with a spectrum 1/f stays the same. Borders are reflected. Without a gain, no random
    numbers are drawn, so that runs without this change keep theirs.

    Args:
        gain: Standard deviation of the base-2 logarithm of a band's gain; 1 in the paper, 0 for no filter.
    """

    def __init__(self, gain: Strength = 1.0) -> None:
        self.gain = gain

    def __call__(self, images: Tensor, rng: KeyedRandom, probability: Tensor) -> Tensor:
        if not self.gain:
            return images
        logs = [zero_unless_applied(self.gain * rng.normal(1), rng, probability) for _ in range(BANDS)]
        return apply_gains(images, normalized_gains(torch.cat(logs, 1).exp2()))


def normalized_gains(gains: Tensor) -> Tensor:
    """Divide gains of the bands, with shape (B, 4), by the root of the power that each of them changes."""
    power = torch.tensor(POWER, device=gains.device)
    return gains / (1 + power * (gains.square() - 1)).sqrt().prod(1, keepdim=True)


def apply_gains(images: Tensor, gains: Tensor) -> Tensor:
    """Amplify the bands of images, with shape (B, C, H, W), along both axes by gains, with shape (B, 4)."""
    vertical, horizontal = (
        torch.eye(size, device=images.device)
        + torch.einsum("bk,kij->bij", gains - 1, band_matrices(size, images.device))
        for size in images.shape[2:]
    )  # gains of one leave exactly the identity
    return vertical[:, None].to(images.dtype) @ images @ horizontal[:, None].to(images.dtype).mT


@cache
def band_matrices(size: int, device: torch.device) -> Tensor:
    """Return the band-pass filters as matrices that act on a row of pixels, with shape (4, size, size)."""
    bank = torch.from_numpy(filter_bank())
    taps = bank.shape[1]
    padded = torch.eye(size, dtype=torch.float64)[reflect(torch.arange(size + taps - 1) - taps // 2, size)]
    return (padded.unfold(0, taps, 1) @ bank.T).permute(2, 0, 1).float().to(device)


def filter_bank() -> np.ndarray:
    """Return the symmetric band-pass filters, float64 with shape (4, 43); their sum is the unit impulse."""
    low = np.array(SYM2)
    high = low * (-1.0) ** np.arange(len(low))
    low_pass, high_pass = (np.convolve(taps, taps[::-1]) / 2 for taps in (low, high))
    bank = np.eye(BANDS, 1)
    for band in range(1, BANDS):
        spread = np.zeros((BANDS, 2 * bank.shape[1] - 1))
        spread[:, ::2] = bank
        bank = np.stack([np.convolve(row, low_pass) for row in spread])
        margin = (bank.shape[1] - len(high_pass)) // 2
        bank[band, margin : margin + len(high_pass)] += high_pass
    return bank
