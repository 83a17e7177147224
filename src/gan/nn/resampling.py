"""Bilinear resampling by a factor of two with the filter (1, 3, 3, 1), with derivatives of all orders.

Upsampling replaces each pixel by two along each axis, each with three quarters of the pixel and one quarter of its
neighbour. Downsampling averages four pixels with weights 1 : 3 : 3 : 1, which suppresses aliasing (Zhang, 2019,
Section 3.2). Both equal ``F.interpolate`` (with ``antialias=True`` for downsampling), but are faster. They are computed
in float32 at every precision: on a CPU, ``F.interpolate`` in bfloat16 takes ten times as long, and lacks downsampling.
At borders, R3GAN's and StyleGAN2's authors pad with zeros, which darkens the edge by a quarter.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Blur", "Downsample", "Upsample"]


def binomial() -> Tensor:
    """Return the binomial filter, with shape (1, 1, 4, 4) and sum 1."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    return torch.outer(taps, taps)[None, None]


class Blur(nn.Module):
    """Filter images; borders are padded by replication, which makes the images smaller by 3 - 2 * ``padding`` pixels.

    Args:
        padding: Pixels on each side.
        gain: Sum of the filter: 4 after a transposed convolution, in whose inputs three of four pixels are zero.
    """

    kernel: Tensor

    def __init__(self, padding: int = 1, gain: float = 1.0) -> None:
        super().__init__()
        self.padding = padding
        self.register_buffer("kernel", gain * binomial(), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H - 3 + 2 * padding, W - 3 + 2 * padding)."""
        channels = images.shape[1]
        with torch.autocast(images.device.type, enabled=False):
            padded = F.pad(images.to(self.kernel.dtype), (self.padding,) * 4, mode="replicate")
            return F.conv2d(padded, self.kernel.expand(channels, -1, -1, -1), groups=channels).to(images.dtype)


class Upsample(nn.Module):
    """Double the resolution; borders are padded by replication."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", 4 * binomial(), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, 2H, 2W)."""
        channels = images.shape[1]
        with torch.autocast(images.device.type, enabled=False):
            padded = F.pad(images.to(self.kernel.dtype), (1, 1, 1, 1), mode="replicate")
            weight = self.kernel.expand(channels, -1, -1, -1)
            return F.conv_transpose2d(padded, weight, stride=2, padding=3, groups=channels).to(images.dtype)


class Downsample(nn.Module):
    """Halve the resolution; at the border, weights are renormalised over the pixels inside the image."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", binomial(), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, C, H, W), with even H and W, to (B, C, H / 2, W / 2)."""
        channels = images.shape[1]
        with torch.autocast(images.device.type, enabled=False):
            pixels = images.to(self.kernel.dtype)
            weight = self.kernel.expand(channels, -1, -1, -1)
            total = F.conv2d(torch.ones_like(pixels[:1, :1]), self.kernel, stride=2, padding=1)
            return (F.conv2d(pixels, weight, stride=2, padding=1, groups=channels) / total).to(images.dtype)
