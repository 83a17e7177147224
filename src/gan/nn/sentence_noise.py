"""Noise of lines for denoising autoencoders: left-out words, and a local shuffle (Lample et al., 2018, Section 2.3)."""

import torch
from torch import Tensor

from gan.keyed_random import KeyedRandom
from gan.nn.sentence_translator import is_used
from gan.nn.token_lstm import END

__all__ = ["corrupt"]


def corrupt(tokens: Tensor, rng: KeyedRandom, drop: float, shuffle: float) -> Tensor:
    """Leave out words at random, and move others by less than ``shuffle`` places.

    Args:
        tokens: int64, with shape (B, T).
        rng: Random numbers, one row per line.
        drop: Probability that a word is left out; one that would leave nothing keeps the line whole.
        shuffle: Range k of the numbers that are added to the places before they are sorted; at most 1 for no shuffle.
    """
    length = tokens.shape[1]
    dropped, moved = (rng.uniform(length) for _ in range(2))
    words = is_used(tokens) & (tokens != END)
    kept = words & (dropped >= drop)
    kept = torch.where(kept.any(1, keepdim=True), kept, words)
    places = torch.arange(length, device=tokens.device) + shuffle * moved
    order = places.masked_fill(~kept, float("inf")).sort(dim=1, stable=True).indices
    return tokens.masked_fill(~kept, END).gather(1, order)
