"""The residual block of R3GAN: an inverted bottleneck of grouped convolutions, without norms (Huang et al., 2024)."""

from torch import Tensor, nn

from gan.nn.initialization import LEAKY_GAIN, LEAKY_SLOPE, scaled_normal

__all__ = ["Bottleneck"]


class Bottleneck(nn.Module):
    """Add to an image what three convolutions make of it: a 1x1, a grouped 3x3, a 1x1 (Section 4.2 there).

    What stands in for norms is the start (Fixup; Zhang et al., 2019, Section 3): the last convolution is zero, so that
    the block is an identity, and the weights of the two before it are L^(-1/4) times as large as usual, so that the
    first updates of all L branches together, not of each, change the network's output by the learning rate's size.

    Args:
        channels: Channels in and out.
        branches: Residual blocks of the whole network, L.
        expansion: Channels of the 3x3 convolution a channel of the block.
        cardinality: Its groups.

    Raises:
        ValueError: If the groups do not divide its channels.
    """

    def __init__(self, channels: int, branches: int, expansion: int = 2, cardinality: int = 1) -> None:
        super().__init__()
        hidden = channels * expansion
        if expansion < 1 or cardinality < 1 or hidden % cardinality:
            raise ValueError(
                f"expansion and cardinality must be at least 1, and cardinality={cardinality} must divide the "
                f"{hidden} channels of a 3x3 convolution (width * expansion)"
            )
        gain = LEAKY_GAIN * branches ** (-1 / 4)  # -1 / (2m - 2) with m = 3 layers
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
