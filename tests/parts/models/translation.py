"""Translation of images: a U-Net and a discriminator of pairs (Isola et al., 2017), without dropout."""

import torch
from torch import Tensor, nn

from gan.models.gan import GAN
from gan.types import DiscriminatorOutput

__all__ = ["Discriminator", "Translation", "UNet"]


class UNet(nn.Module):
    """Encoder and decoder with skip connections, from images to images of one size.

    Args:
        image_shape: (C, H, W) with H = W divisible by 8.
        width: Channels of the first layer.
    """

    def __init__(self, image_shape: tuple[int, int, int], width: int = 32) -> None:
        super().__init__()
        channels, widths = image_shape[0], [width, 2 * width, 4 * width]
        self.down = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.InstanceNorm2d(outputs), nn.LeakyReLU(0.2)
            )
            for inputs, outputs in zip([channels, *widths], widths, strict=False)
        )
        outputs = [2 * width, width, width]
        inputs = [4 * width, 4 * width, 2 * width]
        self.up = nn.ModuleList(
            nn.Sequential(nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False), nn.InstanceNorm2d(b), nn.ReLU())
            for a, b in zip(inputs, outputs, strict=True)
        )
        self.head = nn.Conv2d(width, channels, 3, padding=1)

    def forward(self, z: None, labels: Tensor | None, condition: Tensor) -> Tensor:
        """Map source images, with shape (B, C, H, W), to images in [-1, 1]."""
        x, skips = condition, []
        for layer in self.down:
            x = layer(x)
            skips.append(x)
        for layer, skip in zip(self.up, [None, *skips[-2::-1]], strict=True):
            x = layer(x if skip is None else torch.cat([x, skip], 1))
        return self.head(x).tanh()


class Discriminator(nn.Module):
    """PatchGAN on pairs: one logit per patch.

    Args:
        image_shape: (C, H, W).
        width: Channels of the first layer.
    """

    def __init__(self, image_shape: tuple[int, int, int], width: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2 * image_shape[0], width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
            nn.InstanceNorm2d(2 * width),
            nn.LeakyReLU(0.2),
        )
        self.head = nn.Conv2d(2 * width, 1, 3, padding=1)

    def forward(self, images: Tensor, labels: Tensor | None, condition: Tensor) -> DiscriminatorOutput:
        """Map images and their source images, with shape (B, C, H, W), to logits, (B, 1, H / 4, W / 4)."""
        features = self.layers(torch.cat([condition, images], 1))
        return DiscriminatorOutput(self.head(features), features.flatten(1))


class Translation(GAN):
    """GAN whose networks both see the source image; the L1 term is a regulariser of the generator."""

    uses_condition = True
