"""Self-attention over the positions of a feature map (Zhang et al., 2019, Section 3)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.nn.initialization import glorot
from gan.nn.layers import maybe_spectral_norm

__all__ = ["SelfAttention", "place_of_attention"]


class SelfAttention(nn.Module):
    r"""Residual self-attention layer of SAGAN.

    .. math::
        \beta_{j,i} = \mathrm{softmax}_i(f(x_i)^\top g(x_j)), \quad
        y_j = \gamma \, v\Big(\sum_i \beta_{j,i} \, h(x_i)\Big) + x_j \quad \text{(Eqs. 1 to 3)}

    The layers f, g, h and v are 1x1 convolutions without bias. γ starts at zero, so that the network first learns from
    local features; the gradients of f, g, h and v are zero until γ has changed. In the paper f, g and h have C/8
    channels each. As in the authors' code, h has C/2 here, and keys and values are max-pooled over 2x2 positions.

    Attention is computed with plain matrix products and a softmax, since fused attention cannot be differentiated
    twice.

    Args:
        channels: C, of the input and of the output.
        spectral_norm: Whether to divide weights by their largest singular value.
    """

    def __init__(self, channels: int, spectral_norm: bool = True) -> None:
        super().__init__()

        def layer(inputs: int, outputs: int) -> nn.Module:
            return maybe_spectral_norm(glorot(nn.Conv2d(inputs, outputs, 1, bias=False)), spectral_norm)

        eighth, half = max(1, channels // 8), max(1, channels // 2)
        self.key, self.query = layer(channels, eighth), layer(channels, eighth)  # f and g
        self.value, self.output = layer(channels, half), layer(half, channels)  # h and v
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Map features, with shape (B, C, H, W), to the same shape."""
        attended = self.attention(x) @ max_pool(self.value(x)).flatten(2).transpose(1, 2)  # (B, H * W, C / 2)
        return x + self.gamma * self.output(attended.transpose(1, 2).unflatten(2, x.shape[2:]))

    def attention(self, x: Tensor) -> Tensor:
        """Return the attention weights of each position.

        Args:
            x: Features, with shape (B, C, H, W).

        Returns:
            β, with rows that sum to one, with shape (B, H * W, ⌈H / 2⌉ * ⌈W / 2⌉).
        """
        scores = self.query(x).flatten(2).transpose(1, 2) @ max_pool(self.key(x)).flatten(2)
        return scores.softmax(2, dtype=torch.promote_types(scores.dtype, torch.float32))  # never in half precision


def max_pool(x: Tensor) -> Tensor:
    """Max-pool blocks of 2x2 positions; blocks at odd edges are smaller."""
    return F.max_pool2d(x, 2, ceil_mode=True)


def place_of_attention(sizes: list[int], size: int) -> int:
    """Return the index of the first block with an output of a size, in pixels.

    Raises:
        ValueError: If there is no such block.
    """
    if size not in sizes:
        known = ", ".join(map(str, sorted(set(sizes))))
        raise ValueError(f"attention_size={size} is not a size of the features, in pixels: {known}")
    return sizes.index(size)
