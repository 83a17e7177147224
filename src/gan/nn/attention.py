"""Self-attention: every place of a feature map looks at all others (Zhang et al., 2019, Section 3)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.nn.layers import maybe_spectral
from gan.nn.residual import glorot

__all__ = ["SelfAttention"]


class SelfAttention(nn.Module):
    r"""Adds to each place a mean over all places, weighted by how well keys there answer the query here.

    .. math::
        \beta_{j,i} = \mathrm{softmax}_i(f(x_i)^\top g(x_j)), \quad
        y_j = \gamma \, v\Big(\sum_i \beta_{j,i} \, h(x_i)\Big) + x_j \quad \text{(Eqs. 1 to 3)}

    The layers f, g, h and v are 1x1 convolutions without bias. γ starts at zero, so that a network first learns from
    what is near; until it has moved, the layers' own gradients are zero. In the paper f, g and h have C/8 channels
    each; here, as in the authors' code, h has C/2, and keys and values are the largest of each 2x2 places.

    All of it is matrix products and a softmax, written out: fused attention cannot be differentiated twice.

    Args:
        channels: C, of the input and of the output.
        spectral_norm: Whether weights are divided by their largest singular value.
    """

    def __init__(self, channels: int, spectral_norm: bool = True) -> None:
        super().__init__()

        def layer(inputs: int, outputs: int) -> nn.Module:
            return maybe_spectral(glorot(nn.Conv2d(inputs, outputs, 1, bias=False)), spectral_norm)

        few, half = max(1, channels // 8), max(1, channels // 2)
        self.key, self.query = layer(channels, few), layer(channels, few)  # f and g
        self.value, self.output = layer(channels, half), layer(half, channels)  # h and v
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Map features, with shape (B, C, H, W), to ones of that shape."""
        seen = self.attention(x) @ pooled(self.value(x)).flatten(2).transpose(1, 2)  # (B, H * W, C / 2)
        return x + self.gamma * self.output(seen.transpose(1, 2).unflatten(2, x.shape[2:]))

    def attention(self, x: Tensor) -> Tensor:
        """Return where each place looks.

        Args:
            x: Features, with shape (B, C, H, W).

        Returns:
            β, whose rows sum to one, with shape (B, H * W, ⌈H / 2⌉ * ⌈W / 2⌉).
        """
        scores = self.query(x).flatten(2).transpose(1, 2) @ pooled(self.key(x)).flatten(2)
        return scores.softmax(2, dtype=torch.promote_types(scores.dtype, torch.float32))  # never in half precision


def pooled(x: Tensor) -> Tensor:
    """Keep the largest of each 2x2 places, at odd edges of fewer."""
    return F.max_pool2d(x, 2, ceil_mode=True)
