"""Residual block of R3GAN: an inverted bottleneck of grouped convolutions without norms (Huang et al., 2024)."""

from torch import Tensor, nn

from gan.bounds import Expansion, Width
from gan.nn.initialization import LEAKY_GAIN, LEAKY_SLOPE, scaled_normal

__all__ = ["Bottleneck"]


class Bottleneck(nn.Module):
    """Residual block with a 1x1, a grouped 3x3 and a 1x1 convolution (Section 4.2 of the paper).

    Initialisation replaces norms (Fixup; Zhang et al., 2019, Section 3). The last convolution is zero, so that the
    block starts as the identity. The weights of the other two are scaled by L^(-1/4), so that the first updates of all
    L branches together, not of each branch, change the network's output by the order of the learning rate.

    Args:
        channels: Channels of input and output.
        branches: Number L of residual blocks in the whole network.
        expansion: Channels of the 3x3 convolution per channel of the block.
        cardinality: Groups of the 3x3 convolution.

    Raises:
        ValueError: If the groups do not divide the channels of the 3x3 convolution.
    """

    def __init__(self, channels: int, branches: int, expansion: Expansion = 2, cardinality: Width = 1) -> None:
        super().__init__()
        hidden = channels * expansion
        if hidden % cardinality:
            raise ValueError(
                f"cardinality={cardinality} must divide the {hidden} channels of a 3x3 convolution (width * expansion)"
            )
        gain = LEAKY_GAIN * branches ** (-1 / 4)  # the exponent is -1 / (2m - 2) with m = 3 layers
        self.branch = nn.Sequential(
            scaled_normal(nn.Conv2d(channels, hidden, 1), gain),
            nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
            scaled_normal(nn.Conv2d(hidden, hidden, 3, padding=1, groups=cardinality), gain),
            nn.LeakyReLU(LEAKY_SLOPE, inplace=True),
            scaled_normal(nn.Conv2d(hidden, channels, 1, bias=False), 0.0),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape."""
        return images + self.branch(images)
