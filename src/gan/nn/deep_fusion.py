"""Blocks of DF-GAN: text-conditional affine maps in the generator, plain residual blocks in the discriminator."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["DeepFusion", "FusionDownBlock", "FusionUpBlock"]

SLOPE = 0.2


class Affine(nn.Module):
    """Scale and shift of channels, each a perceptron of a vector (Tao et al., 2022, Fig. 4c).

    Args:
        features: Channels.
        condition_dim: Length of the vector.
    """

    def __init__(self, features: int, condition_dim: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(condition_dim, 2 * features)
        self.scale, self.shift = nn.Linear(features, features), nn.Linear(features, features)
        for layer in (self.scale, self.shift):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Map inputs, with shape (B, C, H, W), for vectors, with shape (B, condition_dim)."""
        of_scale, of_shift = F.relu(self.hidden(condition)).chunk(2, 1)
        return (1 + self.scale(of_scale))[:, :, None, None] * inputs + self.shift(of_shift)[:, :, None, None]


class DeepFusion(nn.Module):
    """Two affine maps with a leaky ReLU each, and a convolution (Tao et al., 2022, Fig. 4b).

    Args:
        inputs: Input channels.
        outputs: Output channels.
        condition_dim: Length of the vector that the maps depend on.
    """

    def __init__(self, inputs: int, outputs: int, condition_dim: int) -> None:
        super().__init__()
        self.affine1, self.affine2 = Affine(inputs, condition_dim), Affine(inputs, condition_dim)
        self.convolution = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H, W)."""
        fused = F.leaky_relu(self.affine1(inputs, condition), SLOPE)
        return self.convolution(F.leaky_relu(self.affine2(fused, condition), SLOPE))


class FusionUpBlock(nn.Module):
    """Residual block of the generator: doubles the resolution, then fuses text twice (Tao et al., 2022, Fig. 4a).

    Args:
        inputs: Input channels.
        outputs: Output channels.
        condition_dim: Length of the vector that the maps depend on.
    """

    def __init__(self, inputs: int, outputs: int, condition_dim: int) -> None:
        super().__init__()
        self.first, self.second = (
            DeepFusion(inputs, outputs, condition_dim),
            DeepFusion(outputs, outputs, condition_dim),
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', 2H, 2W)."""
        larger = F.interpolate(inputs, scale_factor=2)
        return self.shortcut(larger) + self.gain * self.second(self.first(larger, condition), condition)


class FusionDownBlock(nn.Module):
    """Residual block of the discriminator, which halves the resolution by a strided convolution.

    Args:
        inputs: Input channels.
        outputs: Output channels.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            nn.LeakyReLU(SLOPE),
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H / 2, W / 2)."""
        return F.avg_pool2d(self.shortcut(inputs), 2) + self.gain * self.branch(inputs)
