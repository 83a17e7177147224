"""Residual blocks of BigGAN and BigGAN-deep (Brock et al., 2019, Appendix B, Figs. 15 and 16)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.nn.layers import maybe_spectral_norm
from gan.nn.residual import convolution

__all__ = ["ConditionalUpBlock", "DeepDownBlock", "DeepUpBlocks"]

RATIO = 4  # channels of a deep block per channel of its bottleneck


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose scale and shift are linear functions of a vector.

    Args:
        features: Channels.
        condition_dim: Length of the vector.
        spectral_norm: Whether to divide the functions' weights by their largest singular value.
    """

    def __init__(self, features: int, condition_dim: int, spectral_norm: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(features, affine=False)
        self.scale, self.shift = (
            maybe_spectral_norm(nn.Linear(condition_dim, features, bias=False), spectral_norm) for _ in range(2)
        )

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Normalise inputs, with shape (B, C, H, W), for vectors, with shape (B, condition_dim)."""
        scale, shift = (layer(condition)[:, :, None, None] for layer in (self.scale, self.shift))
        return (1 + scale) * self.norm(inputs) + shift


class ConditionalUpBlock(nn.Module):
    """Residual block of BigGAN's generator, which doubles the resolution (Fig. 15b).

    Args:
        inputs: Input channels.
        outputs: Output channels.
        condition_dim: Length of the vector that the norms depend on.
        spectral_norm: Whether to divide weights by their largest singular value.
    """

    def __init__(self, inputs: int, outputs: int, condition_dim: int, spectral_norm: bool) -> None:
        super().__init__()
        self.norm1 = ConditionalBatchNorm(inputs, condition_dim, spectral_norm)
        self.conv1 = convolution(inputs, outputs, 3, spectral_norm)
        self.norm2 = ConditionalBatchNorm(outputs, condition_dim, spectral_norm)
        self.conv2 = convolution(outputs, outputs, 3, spectral_norm)
        self.shortcut = convolution(inputs, outputs, 1, spectral_norm)

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', 2H, 2W)."""
        features = self.conv1(double(F.relu(self.norm1(inputs, condition))))
        features = self.conv2(F.relu(self.norm2(features, condition)))
        return features + double(self.shortcut(inputs))


class DeepGeneratorBlock(nn.Module):
    """Bottleneck block of BigGAN-deep's generator (Fig. 16b); the shortcut drops the last channels.

    Args:
        inputs: Input channels.
        outputs: Output channels, at most as many.
        condition_dim: Length of the vector that the norms depend on.
        spectral_norm: Whether to divide weights by their largest singular value.
        doubles: Whether to double the resolution.
    """

    def __init__(self, inputs: int, outputs: int, condition_dim: int, spectral_norm: bool, doubles: bool) -> None:
        super().__init__()
        hidden = max(1, inputs // RATIO)
        layers = [(inputs, hidden, 1), (hidden, hidden, 3), (hidden, hidden, 3), (hidden, outputs, 1)]
        self.norms = nn.ModuleList(
            ConditionalBatchNorm(before, condition_dim, spectral_norm) for before, _, _ in layers
        )
        self.convolutions = nn.ModuleList(convolution(*layer, spectral_norm) for layer in layers)
        self.outputs, self.doubles = outputs, doubles

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H, W), or to (B, C', 2H, 2W)."""
        features, shortcut = inputs, inputs[:, : self.outputs]
        for number, (norm, layer) in enumerate(zip(self.norms, self.convolutions, strict=True)):
            features = F.relu(norm(features, condition))
            features = layer(double(features) if self.doubles and number == 1 else features)
        return features + (double(shortcut) if self.doubles else shortcut)


class DeepUpBlocks(nn.Module):
    """The two blocks of BigGAN-deep's generator at a resolution, the second of which doubles it (Table 7).

    Args:
        inputs: Input channels.
        outputs: Output channels, at most as many.
        condition_dim: Length of the vector that the norms depend on.
        spectral_norm: Whether to divide weights by their largest singular value.
    """

    def __init__(self, inputs: int, outputs: int, condition_dim: int, spectral_norm: bool) -> None:
        super().__init__()
        self.same = DeepGeneratorBlock(inputs, inputs, condition_dim, spectral_norm, doubles=False)
        self.up = DeepGeneratorBlock(inputs, outputs, condition_dim, spectral_norm, doubles=True)

    def forward(self, inputs: Tensor, condition: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', 2H, 2W)."""
        return self.up(self.same(inputs, condition), condition)


class DeepDownBlock(nn.Module):
    """Bottleneck block of BigGAN-deep's discriminator (Fig. 16c); the shortcut appends convolved channels.

    Args:
        inputs: Input channels.
        outputs: Output channels, at least as many.
        spectral_norm: Whether to divide weights by their largest singular value.
        halves: Whether to halve the resolution.
    """

    def __init__(self, inputs: int, outputs: int, spectral_norm: bool, halves: bool) -> None:
        super().__init__()
        hidden = max(1, outputs // RATIO)
        self.branch = nn.Sequential(
            nn.ReLU(),  # leaves its input unchanged, since the shortcut uses it too
            convolution(inputs, hidden, 1, spectral_norm),
            nn.ReLU(inplace=True),
            convolution(hidden, hidden, 3, spectral_norm),
            nn.ReLU(inplace=True),
            convolution(hidden, hidden, 3, spectral_norm),
            nn.ReLU(inplace=True),
            nn.AvgPool2d(2) if halves else nn.Identity(),
            convolution(hidden, outputs, 1, spectral_norm),
        )
        self.pool = nn.AvgPool2d(2) if halves else nn.Identity()
        self.appended = convolution(inputs, outputs - inputs, 1, spectral_norm) if outputs > inputs else None

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', H, W), or to (B, C', H / 2, W / 2)."""
        shortcut = self.pool(inputs)
        if self.appended is not None:
            shortcut = torch.cat([shortcut, self.appended(shortcut)], 1)
        return self.branch(inputs) + shortcut


def double(images: Tensor) -> Tensor:
    """Double the resolution by repeating pixels."""
    return F.interpolate(images, scale_factor=2)
