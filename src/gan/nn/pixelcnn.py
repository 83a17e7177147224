"""Gated PixelCNN: an autoregressive distribution over grids of codes (van den Oord et al., 2016)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import Codes, Depth, Width

__all__ = ["PixelCNN"]


class GatedLayer(nn.Module):
    """One layer of the vertical and the horizontal stack (Figure 2 of the paper).

    The receptive fields are limited by padding and kernel shapes, so that no weights are masked. The vertical stack
    covers the rows above; the horizontal stack covers the columns to the left, and takes the vertical stack as a second
    input. Together they have no blind spot.

    Args:
        width: Channels of each stack.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.vertical = nn.Conv2d(width, 2 * width, (2, 3))
        self.horizontal = nn.Conv2d(width, 2 * width, (1, 2))
        self.down = nn.Conv2d(2 * width, 2 * width, 1)
        self.out = nn.Conv2d(width, width, 1)

    def forward(self, above: Tensor, left: Tensor) -> tuple[Tensor, Tensor]:
        """Map both stacks, each with shape (B, width, h, w); rows and columns outside the grid are zero."""
        above, down = self.vertical_step(F.pad(above, (0, 0, 1, 0)))
        return above, self.horizontal_step(F.pad(left, (1, 0, 0, 0)), down)

    def vertical_step(self, above: Tensor) -> tuple[Tensor, Tensor]:
        """Map n + 1 rows of the vertical stack to n rows, and to their input of the horizontal stack."""
        features = self.vertical(F.pad(above, (1, 1, 0, 0)))
        return gate(features), self.down(features)

    def horizontal_step(self, left: Tensor, down: Tensor) -> Tensor:
        """Map n + 1 columns of the horizontal stack to n columns."""
        return left[..., 1:] + self.out(gate(self.horizontal(left) + down))


class PixelCNN(nn.Module):
    """Autoregressive prior over grids of codes, in raster order.

    Args:
        num_codes: Number K of codes.
        width: Channels of each stack.
        depth: Layers; a code depends on ``depth + 1`` rows above it.
    """

    def __init__(self, num_codes: Codes, width: Width = 32, depth: Depth = 6) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_codes, width)
        self.layers = nn.ModuleList(GatedLayer(width) for _ in range(depth))
        self.head = nn.Sequential(
            nn.ReLU(), nn.Conv2d(width, 2 * width, 1), nn.ReLU(), nn.Conv2d(2 * width, num_codes, 1)
        )

    def embed(self, codes: Tensor) -> Tensor:
        """Map codes, with shape (B, h, w), to vectors, with shape (B, width, h, w)."""
        return self.embedding(codes).movedim(-1, 1)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the logits of each code given the previous ones, from shape (B, h, w) to (B, K, h, w)."""
        vectors = self.embed(codes)
        above, left = F.pad(vectors, (0, 0, 1, -1)), F.pad(vectors, (1, -1, 0, 0))
        for layer in self.layers:
            above, left = layer(above, left)
        return self.head(left)

    @torch.no_grad()
    def sample(self, uniform: Tensor) -> Tensor:
        """Draw codes by inverting their cumulative distribution; equal inputs give equal codes.

        Each row of the vertical stack and each position of the horizontal stack is computed once.

        Args:
            uniform: From U[0, 1), with shape (B, h, w).

        Returns:
            Codes, int64, with shape (B, h, w).
        """
        batch, height, width = uniform.shape
        zeros = uniform.new_zeros(batch, self.embedding.embedding_dim, 1, width)
        rows: list[Tensor] = []
        previous = [zeros] * len(self.layers)  # input of each layer's vertical stack, one row up
        for y in range(height):
            row, downs = self.embed(rows[-1][:, None]) if rows else zeros, []
            for number, layer in enumerate(self.layers):
                pair, previous[number] = torch.cat([previous[number], row], 2), row
                row, down = layer.vertical_step(pair)  # type: ignore[operator]  # a Module to mypy
                downs.append(down)
            rows.append(self._sample_row(uniform[:, y], downs))
        return torch.stack(rows, 1)

    def _sample_row(self, uniform: Tensor, downs: list[Tensor]) -> Tensor:
        """Draw the codes of a row, with shape (B, w), given each layer's features of the rows above."""
        zeros = uniform.new_zeros(len(uniform), self.embedding.embedding_dim, 1, 1)
        codes: list[Tensor] = []
        previous = [zeros] * len(self.layers)  # input of each layer's horizontal stack, one column to the left
        for x in range(uniform.shape[1]):
            column = self.embed(codes[-1][:, None, None]) if codes else zeros
            for number, (layer, down) in enumerate(zip(self.layers, downs, strict=True)):
                pair, previous[number] = torch.cat([previous[number], column], 3), column
                column = layer.horizontal_step(pair, down[..., x : x + 1])  # type: ignore[operator]  # a Module to mypy
            cumulative = self.head(column).flatten(1).float().softmax(1).cumsum(1)
            codes.append((cumulative[:, :-1] <= uniform[:, x, None]).sum(1))
        return torch.stack(codes, 1)


def gate(features: Tensor) -> Tensor:
    """Gate half of the channels by the other half (Eq. 2 of the paper)."""
    value, opening = features.chunk(2, 1)
    return value.tanh() * opening.sigmoid()
