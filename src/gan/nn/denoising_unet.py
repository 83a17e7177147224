"""U-Net that predicts the noise in an image (Ho et al., 2020, Appendix B)."""

from math import log

import torch
from torch import Tensor, nn

from gan.bounds import Halvings, ImageShape, Patch, Width
from gan.nn.attention import SelfAttention

__all__ = ["DenoisingUNet", "sinusoidal_embedding"]

GROUP = 8  # channels that group norm normalises together, at least
LONGEST_PERIOD = 10_000.0  # of the embedding, in steps of noise


class DenoisingUNet(nn.Module):
    """U-Net of residual blocks that take the step of noise as a second input.

    Each level has a block on the way down and one on the way up, and twice the channels of the level above. The lowest
    has self-attention between two blocks. The last convolution starts at zero, so that the first prediction is zero.

    Args:
        image_shape: (C, H, W) of the images.
        width: Channels of the first level.
        patch: Height and width of the patches of pixels that are one position of the first level.
        halvings: Number of times that the resolution is halved after that.

    Raises:
        ValueError: If the size cannot be divided by ``patch`` and halved that many times.
    """

    def __init__(self, image_shape: ImageShape, width: Width = 32, patch: Patch = 2, halvings: Halvings = 1) -> None:
        super().__init__()
        size, divisor = image_shape[1:], patch * 2**halvings
        if any(side % divisor for side in size):
            shown = "x".join(map(str, size))
            raise ValueError(f"images of {shown} pixels cannot be divided by {divisor}: lower patch or halvings")
        channels = image_shape[0] * patch**2
        widths = [width * 2**level for level in range(halvings + 1)]
        time = 4 * width
        self.width = width
        self.time = nn.Sequential(nn.Linear(width, time), nn.SiLU(), nn.Linear(time, time), nn.SiLU())
        self.first = nn.Sequential(nn.PixelUnshuffle(patch), nn.Conv2d(channels, width, 3, padding=1))
        self.down = nn.ModuleList(TimeBlock(w, w, time) for w in widths[:-1])
        self.shrink = nn.ModuleList(nn.Conv2d(w, 2 * w, 3, 2, 1) for w in widths[:-1])
        self.middle = nn.ModuleList(TimeBlock(widths[-1], widths[-1], time) for _ in range(2))
        self.attention = SelfAttention(widths[-1], spectral_norm=False)
        self.enlarge = nn.ModuleList(
            nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(2 * w, w, 3, padding=1)) for w in widths[:-1]
        )
        self.up = nn.ModuleList(TimeBlock(2 * w, w, time) for w in widths[:-1])
        self.last = nn.Sequential(
            group_norm(width), nn.SiLU(), zero(nn.Conv2d(width, channels, 3, padding=1)), nn.PixelShuffle(patch)
        )

    def forward(self, images: Tensor, steps: Tensor) -> Tensor:
        """Predict the noise, with the shape of the images.

        Args:
            images: Noisy images, with shape (B, C, H, W).
            steps: Steps of noise, int64, with shape (B,).
        """
        time = self.time(sinusoidal_embedding(steps, self.width).to(images.dtype))
        x, skips = self.first(images), []
        for block, shrink in zip(self.down, self.shrink, strict=True):
            x = block(x, time)
            skips.append(x)
            x = shrink(x)
        before, after = self.middle
        x = after(self.attention(before(x, time)), time)
        for block, enlarge in zip(reversed(self.up), reversed(self.enlarge), strict=True):
            x = block(torch.cat([enlarge(x), skips.pop()], 1), time)
        return self.last(x)


class TimeBlock(nn.Module):
    """Residual block of two convolutions, between which a projection of the step's embedding is added.

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output.
        time: Length of the embedding.
    """

    def __init__(self, inputs: int, outputs: int, time: int) -> None:
        super().__init__()
        self.before = nn.Sequential(group_norm(inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1))
        self.time = nn.Linear(time, outputs)
        self.after = nn.Sequential(group_norm(outputs), nn.SiLU(), zero(nn.Conv2d(outputs, outputs, 3, padding=1)))
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        return self.shortcut(x) + self.after(self.before(x) + self.time(time)[:, :, None, None])


def sinusoidal_embedding(steps: Tensor, length: int) -> Tensor:
    """Return sines and cosines of steps at ``length // 2`` frequencies each, with shape (B, length).

    The frequencies fall geometrically from 1 to almost 1 / 10,000 (Vaswani et al., 2017, Section 3.5).
    """
    half = length // 2
    exponents = torch.arange(half, dtype=torch.float32, device=steps.device) / half
    angles = steps[:, None].float() * (-log(LONGEST_PERIOD) * exponents).exp()
    waves = torch.cat([angles.sin(), angles.cos()], 1)
    return torch.nn.functional.pad(waves, (0, length - 2 * half))


def group_norm(channels: int) -> nn.GroupNorm:
    """Build a group norm of groups of 8 channels; of a single group if they are not a multiple of 8."""
    return nn.GroupNorm(channels // GROUP if channels % GROUP == 0 else 1, channels)


def zero(layer: nn.Conv2d) -> nn.Conv2d:
    """Set a layer's weights and biases to zero."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
