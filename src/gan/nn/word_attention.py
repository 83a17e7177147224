"""Attention of the places of an image to the words of a sentence (AttnGAN; Xu et al., 2018, Eqs. 2 and 3)."""

import torch
from torch import Tensor, nn

from gan.bounds import Channels, Width

__all__ = ["WordAttention"]


class WordAttention(nn.Module):
    """Mean of the words' vectors for each place of an image, weighted by their inner products with its features.

    Args:
        features: Channels C of the image's features.
        word_dim: Length D of a word's vector.
    """

    def __init__(self, features: Channels, word_dim: Width) -> None:
        super().__init__()
        self.project = nn.Linear(word_dim, features, bias=False)

    def forward(self, inputs: Tensor, words: Tensor, is_word: Tensor) -> Tensor:
        """Return contexts, with shape (B, C, H, W).

        Args:
            inputs: Features of an image, with shape (B, C, H, W).
            words: Vectors of words, with shape (B, T, D).
            is_word: Places of the sentence that hold a word, with shape (B, T).
        """
        keys = self.project(words).to(inputs.dtype)  # (B, T, C)
        scores = torch.einsum("bchw,btc->bthw", inputs, keys)
        empty = ~is_word.any(1, keepdim=True)  # a sentence without words attends to all places alike
        weights = scores.masked_fill(~(is_word | empty)[:, :, None, None], float("-inf")).softmax(1)
        return torch.einsum("bthw,btc->bchw", weights, keys)
