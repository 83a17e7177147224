"""Synthesis network of StyleGAN2: styles to images, with an image of each resolution added up (Karras et al., 2020)."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from gan.bounds import Expansion, ImageShape, Width
from gan.nn.equalized import EqualizedLinear
from gan.nn.modulation import ModulatedConv2d, leaky_relu
from gan.nn.resampling import Upsample
from gan.nn.resolution import base_and_doublings, channel_counts

__all__ = ["LARGEST_SIZE", "NoiseKind", "Synthesis"]

LARGEST_SIZE = 1024
NoiseKind = Literal["random", "constant", "none"]


class StyledConv(nn.Module):
    """Modulated convolution, noise with a learned strength, a bias and a leaky ReLU.

    Args:
        in_channels: Input channels.
        out_channels: Output channels.
        style_dim: Length of w.
        size: Height and width of the outputs.
        upsample: Whether to double the resolution.
        noise: Whether noise is an input, constant, or left out.
        fused: See ModulatedConv2d.
    """

    constant: Tensor | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        style_dim: int,
        size: int,
        upsample: bool,
        noise: NoiseKind,
        fused: bool,
    ) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(in_channels, out_channels, 3, style_dim, upsample=upsample, fused=fused)
        self.bias = nn.Parameter(torch.zeros(out_channels, 1, 1))
        self.strength = nn.Parameter(torch.zeros(())) if noise != "none" else None
        self.register_buffer("constant", torch.randn(1, 1, size, size) if noise == "constant" else None)

    def forward(self, inputs: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
        """Map inputs, with shape (B, C, H, W), w and noise, with shape (B, 1, H', W'), to features."""
        features = self.conv(inputs, w)
        noise = self.constant if noise is None else noise
        if noise is not None and self.strength is not None:
            features = features + self.strength * noise.to(features.dtype)
        return leaky_relu(features + self.bias)


class Synthesis(nn.Module):
    """Learned constant, two styled convolutions per resolution, and the sum of an image of each (Figs. 2c and 7b).

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        style_dim: Length of w.
        width: Channels at the full resolution.
        noise: Whether the noise of a layer is an input, constant, or left out.
        fused: See ModulatedConv2d.
        growth: Factor of the channels from one resolution to the next lower one, up to 8 * width.

    Attributes:
        num_layers: Number of vectors w that an image is made from.
        noise_shapes: Shapes of the layers' noise by name; empty unless noise is an input.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        style_dim: Width = 64,
        width: Width = 16,
        noise: NoiseKind = "random",
        fused: bool = False,
        growth: Expansion = 2,
    ) -> None:
        super().__init__()
        base, doublings = base_and_doublings(image_shape[-1], LARGEST_SIZE)
        widths = channel_counts(width, doublings + 1, growth)[::-1]
        sizes = [base << n for n in range(doublings + 1)]
        self.constant = nn.Parameter(torch.randn(1, widths[0], base, base))
        layers = [StyledConv(widths[0], widths[0], style_dim, base, False, noise, fused)]
        for (before, after), size in zip(pairwise(widths), sizes[1:], strict=True):
            layers += [StyledConv(before, after, style_dim, size, True, noise, fused)]
            layers += [StyledConv(after, after, style_dim, size, False, noise, fused)]
        self.layers = nn.ModuleList(layers)
        self.to_image = nn.ModuleList(
            ModulatedConv2d(channels, image_shape[0], 1, style_dim, demodulate=False, fused=fused)
            for channels in widths
        )
        self.bias = nn.Parameter(torch.zeros(image_shape[0], 1, 1))
        self.upsample = Upsample()
        self.num_layers = len(layers) + 1
        self.noise_shapes: dict[str, tuple[int, int, int]] = {}
        if noise == "random":
            layer_sizes = [sizes[0], *(size for size in sizes[1:] for _ in range(2))]
            self.noise_shapes = {f"layer{n}": (1, size, size) for n, size in enumerate(layer_sizes)}

    def forward(self, w: Tensor, noise: Mapping[str, Tensor]) -> Tensor:
        """Map w, with shape (B, num_layers, style_dim), and noise by layer to images, with shape (B, C, H, W).

        The image of a resolution has the style of the next one's first layer, as in the authors' code. A layer whose
        noise is missing has none.
        """
        features = self.constant.expand(len(w), -1, -1, -1)
        images = None
        for n, layer in enumerate(self.layers):
            features = layer(features, w[:, n], noise.get(f"layer{n}"))
            if n % 2 == 0:
                image = self.to_image[n // 2](features, w[:, n + 1])
                images = image if images is None else self.upsample(images) + image
        assert images is not None
        return images + self.bias

    def affine_layers(self) -> list[tuple[int, EqualizedLinear]]:
        """Return the layers that map w to styles, each with the number of the w that it takes."""
        affine = []
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, StyledConv)
            affine.append((number, layer.conv.style))
        for number, layer in enumerate(self.to_image):
            assert isinstance(layer, ModulatedConv2d)
            affine.append((2 * number + 1, layer.style))
        return affine
