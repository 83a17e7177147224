"""Mapping network of StyleGAN: latent vectors to styles (Karras et al., 2019, Section 2)."""

import torch
from torch import Tensor, nn

from gan.bounds import Classes, Depth, LatentDim, Positive, Width
from gan.keyed_random import temporary_seed
from gan.nn.conditioning import LabelVector
from gan.nn.equalized import EqualizedLinear
from gan.nn.modulation import leaky_relu
from gan.nn.pixel_norm import PixelNorm

__all__ = ["StyleMapping"]

REFERENCES = 1024  # latent vectors whose mean w others are truncated towards


class StyleMapping(nn.Module):
    """Multilayer perceptron from normalised z, and the embedding of a class if there are several, to w.

    Args:
        latent_dim: Length of z.
        style_dim: Length of w.
        depth: Number of layers.
        rate: Factor of the layers' learning rate.
        num_classes: Number of classes; 1 for an unconditional network.
    """

    references: Tensor

    def __init__(
        self,
        latent_dim: LatentDim = 64,
        style_dim: Width = 64,
        depth: Depth = 4,
        rate: Positive = 0.01,
        num_classes: Classes = 1,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.norm = PixelNorm()
        self.label = LabelVector(num_classes, latent_dim) if num_classes > 1 else None
        first = latent_dim if self.label is None else 2 * latent_dim
        self.layers = nn.ModuleList(
            EqualizedLinear(style_dim if n else first, style_dim, gain=1, rate=rate) for n in range(depth)
        )
        with temporary_seed(0):
            self.register_buffer("references", torch.randn(REFERENCES, latent_dim), persistent=False)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), and classes to w, with shape (B, style_dim)."""
        w = self.norm(z)
        if self.label is not None:
            assert labels is not None
            w = torch.cat([w, self.norm(self.label(labels))], 1)
        for layer in self.layers:
            w = leaky_relu(layer(w))
        return w

    def mean(self) -> Tensor:
        """Return the mean w of 1,024 fixed z, whose classes take turns, with shape (style_dim,).

        Karras et al. keep a running mean of training instead. This one needs no state, which would have to be saved and
        to be the same on all ranks, and is that of the present weights.
        """
        labels = torch.arange(REFERENCES, device=self.references.device) % self.num_classes
        return self(self.references, labels).mean(0)
