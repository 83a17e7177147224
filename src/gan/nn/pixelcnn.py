"""Gated PixelCNN: codes of a grid one by one, each given those above and to the left (van den Oord et al., 2016)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["PixelCNN"]


class GatedLayer(nn.Module):
    """One layer of both stacks (Figure 2 there). No weight is masked: convolutions reach only where they may.

    The vertical stack sees what lies above, to both sides; the horizontal one what lies to the left, and the vertical
    one: together they have no blind spot.

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
        """Map both stacks, each with shape (B, width, h, w); rows and columns before the first are zero."""
        above, down = self.below(F.pad(above, (0, 0, 1, 0)))
        return above, self.right(F.pad(left, (1, 0, 0, 0)), down)

    def below(self, above: Tensor) -> tuple[Tensor, Tensor]:
        """Map n + 1 rows of the vertical stack to n, and to what the horizontal stack is told of them."""
        both = self.vertical(F.pad(above, (1, 1, 0, 0)))
        return gate(both), self.down(both)

    def right(self, left: Tensor, down: Tensor) -> Tensor:
        """Map n + 1 columns of the horizontal stack to n."""
        return left[..., 1:] + self.out(gate(self.horizontal(left) + down))


class PixelCNN(nn.Module):
    """A distribution over grids of codes.

    Args:
        num_codes: Number K of codes.
        width: Channels of each stack.
        depth: Layers; a code depends on ``depth + 1`` rows above it.

    Raises:
        ValueError: If there is no layer.
    """

    def __init__(self, num_codes: int, width: int = 32, depth: int = 6) -> None:
        super().__init__()
        if depth < 1:
            raise ValueError(f"the prior's depth must be at least 1, not {depth}")
        self.embedding = nn.Embedding(num_codes, width)
        self.layers = nn.ModuleList(GatedLayer(width) for _ in range(depth))
        self.head = nn.Sequential(
            nn.ReLU(), nn.Conv2d(width, 2 * width, 1), nn.ReLU(), nn.Conv2d(2 * width, num_codes, 1)
        )

    def embed(self, codes: Tensor) -> Tensor:
        """Map codes, with shape (B, h, w), to vectors, with shape (B, width, h, w)."""
        return self.embedding(codes).movedim(-1, 1)

    def forward(self, codes: Tensor) -> Tensor:
        """Return the logits of each code given those before it, from shape (B, h, w) to (B, K, h, w)."""
        vectors = self.embed(codes)
        above, left = F.pad(vectors, (0, 0, 1, -1)), F.pad(vectors, (1, -1, 0, 0))
        for layer in self.layers:
            above, left = layer(above, left)
        return self.head(left)

    @torch.no_grad()
    def sample(self, uniform: Tensor) -> Tensor:
        """Draw codes by the inverse of their distribution function: the same numbers, the same codes.

        Each row of the vertical stack, and each place of the horizontal one, is computed once.

        Args:
            uniform: From U[0, 1), with shape (B, h, w).

        Returns:
            int64, with shape (B, h, w).
        """
        batch, height, width = uniform.shape
        nothing = uniform.new_zeros(batch, self.embedding.embedding_dim, 1, width)
        rows: list[Tensor] = []
        before = [nothing] * len(self.layers)  # each layer's row above, of its vertical stack
        for y in range(height):
            row, downs = self.embed(rows[-1][:, None]) if rows else nothing, []
            for number, layer in enumerate(self.layers):
                two, before[number] = torch.cat([before[number], row], 2), row
                row, down = layer.below(two)  # type: ignore[operator]
                downs.append(down)
            rows.append(self._sample_row(uniform[:, y], downs))
        return torch.stack(rows, 1)

    def _sample_row(self, uniform: Tensor, downs: list[Tensor]) -> Tensor:
        """Draw the codes of a row, with shape (B, w), given what each layer knows of the rows above."""
        nothing = uniform.new_zeros(len(uniform), self.embedding.embedding_dim, 1, 1)
        codes: list[Tensor] = []
        before = [nothing] * len(self.layers)  # each layer's place to the left, of its horizontal stack
        for x in range(uniform.shape[1]):
            here = self.embed(codes[-1][:, None, None]) if codes else nothing
            for number, (layer, down) in enumerate(zip(self.layers, downs, strict=True)):
                two, before[number] = torch.cat([before[number], here], 3), here
                here = layer.right(two, down[..., x : x + 1])  # type: ignore[operator]
            cumulative = self.head(here).flatten(1).float().softmax(1).cumsum(1)
            codes.append((cumulative[:, :-1] <= uniform[:, x, None]).sum(1))
        return torch.stack(codes, 1)


def gate(both: Tensor) -> Tensor:
    """Let half of the channels open and close the other half (Eq. 2 there)."""
    value, opening = both.chunk(2, 1)
    return value.tanh() * opening.sigmoid()
