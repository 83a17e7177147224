"""Small StyleGAN2: a mapping network, modulated convolutions and style mixing (Karras et al., 2020)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.keyed_random import KeyedRandom
from gan.models.gan import GAN
from gan.types import Batch, GeneratorInput, GeneratorOutput

__all__ = ["Generator", "StyleGAN"]


class ModulatedConv(nn.Module):
    """3x3 convolution with weights scaled by a style and normalised (Section 2.2).

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output.
        w_dim: Length of w.
    """

    def __init__(self, inputs: int, outputs: int, w_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3) / (3 * inputs**0.5))
        self.style = nn.Linear(w_dim, inputs)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        style = 1 + self.style(w)
        demodulation = torch.einsum("oikl,bi->bo", self.weight.square(), style.square()).add(1e-8).rsqrt()
        x = F.conv2d(x * style[:, :, None, None], self.weight, padding=1)
        return F.leaky_relu(x * demodulation[:, :, None, None] + self.bias[:, None, None], 0.2)


class Generator(nn.Module):
    """Mapping from z to w, and synthesis from a learned constant; the last three sizes double.

    Args:
        image_shape: (C, H, W) with H = W divisible by 4.
        latent_dim: Length of z and w.
        width: Channels of each layer.
    """

    num_layers = 3

    def __init__(self, image_shape: tuple[int, int, int], latent_dim: int = 32, width: int = 32) -> None:
        super().__init__()
        channels, size, _ = image_shape
        self.mapping = nn.Sequential(
            nn.Linear(latent_dim, latent_dim), nn.LeakyReLU(0.2), nn.Linear(latent_dim, latent_dim)
        )
        self.constant = nn.Parameter(torch.randn(width, size // 4, size // 4))
        self.convolutions = nn.ModuleList(ModulatedConv(width, width, latent_dim) for _ in range(self.num_layers))
        self.to_image = nn.Conv2d(width, channels, 1)

    def forward(
        self, z: Tensor, labels: Tensor | None = None, noise: dict[str, Tensor] | None = None
    ) -> GeneratorOutput:
        """Map z, with shape (B, latent_dim), to images; ``noise`` mixes styles of two latent vectors in training."""
        layers = torch.arange(self.num_layers, device=z.device)
        w = self.mapping(z)[:, None].expand(-1, self.num_layers, -1)
        if noise is not None:
            mixed = layers >= noise["crossover"][:, None] * self.num_layers
            w = torch.where(mixed[:, :, None], self.mapping(noise["z"])[:, None], w)
        x = self.constant.expand(z.shape[0], -1, -1, -1)
        for layer, convolution in enumerate(self.convolutions):
            if layer:
                x = F.interpolate(x, scale_factor=2.0)
            x = convolution(x, w[:, layer])
        return GeneratorOutput(self.to_image(x).tanh(), w)


class StyleGAN(GAN):
    """GAN with style mixing in training (Karras et al., 2019, Section 3.1).

    Args:
        mixing: Probability that an image mixes the styles of two latent vectors.
        **settings: See GAN.
    """

    def __init__(self, mixing: float = 0.9, **settings: Any) -> None:
        super().__init__(**settings)
        self.mixing = mixing

    def draw_generator_input(self, batch: Batch, rng: KeyedRandom) -> GeneratorInput:
        """Draw a second latent vector and the layer from which it takes over, as a share of the layers."""
        inputs = super().draw_generator_input(batch, rng)
        mixes = rng.uniform() < self.mixing
        crossover = torch.where(mixes, rng.uniform(), 1.0)
        return inputs._replace(noise={"z": self.sample_latent(rng), "crossover": crossover})
