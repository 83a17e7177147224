"""Pixelwise feature normalisation (Karras et al., 2018, Section 4.2)."""

from torch import Tensor, nn

__all__ = ["PixelNorm"]


class PixelNorm(nn.Module):
    """Divide each pixel's channels, or each row's units, by their root mean square; without parameters.

    Args:
        epsilon: Added to the mean square.
    """

    def __init__(self, epsilon: float = 1e-8) -> None:
        super().__init__()
        self.epsilon = epsilon

    def forward(self, inputs: Tensor) -> Tensor:
        """Normalise inputs, with shape (B, C, H, W) or (B, C)."""
        mean_square = inputs.float().square().mean(1, keepdim=True)  # float32 at every precision
        return inputs * (mean_square + self.epsilon).rsqrt().to(inputs.dtype)
