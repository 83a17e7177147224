"""ProGAN: both networks grow to higher resolutions during training (Karras et al., 2018)."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from gan.bounds import AtLeastTwo, ImageShape, LatentDim, NonNegativeInt, Pixels, Width
from gan.models.gan import GAN
from gan.nn.equalized import EqualizedConv2d, EqualizedLinear
from gan.nn.growing import Growing, enlarge, growth_level, images_at_level, shrink
from gan.nn.minibatch_std import MinibatchStd
from gan.nn.pixel_norm import PixelNorm
from gan.nn.resolution import channel_counts
from gan.types import Batch, DiscriminatorOutput, Terms

__all__ = ["Discriminator", "Generator", "ProGAN"]


class Generator(Growing):
    """Growing generator, with one output layer per resolution.

    The output layers are linear, as in the paper. Images are clamped to [-1, 1] in evaluation mode only; the paper
    clamps them when they are saved.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        latent_dim: Length of z, which is normalised first.
        width: Channels at the full resolution; each lower resolution has twice as many, up to 8 * width.
        start_size: Resolution at which growth starts; None for the smallest, 4 to 7.

    Raises:
        ValueError: If sizes do not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: LatentDim = 100,
        width: Width = 16,
        start_size: Pixels | None = None,
    ) -> None:
        super().__init__(image_shape[-1], start_size)
        widths = channel_counts(width, self.start_doublings + len(self.sizes))[::-1]
        base = self.sizes[0] >> self.start_doublings

        def convolution(inputs: int, outputs: int) -> list[nn.Module]:
            return [EqualizedConv2d(inputs, outputs, 3, padding=1), nn.LeakyReLU(0.2), PixelNorm()]

        def block(inputs: int, outputs: int) -> nn.Module:
            return nn.Sequential(*convolution(inputs, outputs), *convolution(outputs, outputs))

        self.start = nn.Sequential(
            PixelNorm(),
            EqualizedLinear(latent_dim, widths[0] * base**2),
            nn.Unflatten(1, (widths[0], base, base)),
            nn.LeakyReLU(0.2),
            PixelNorm(),
            *convolution(widths[0], widths[0]),
        )
        self.blocks = nn.ModuleList(block(*pair) for pair in pairwise(widths))
        self.to_image = nn.ModuleList(
            EqualizedConv2d(width, image_shape[0], 1, gain=1) for width in widths[self.start_doublings :]
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), to images, with shape (B, C, H, W)."""
        whole, alpha = int(self.level), self.level % 1
        features = self.start(z)
        for block in self.blocks[: self.start_doublings + whole]:
            features = block(double(features))
        images = self.to_image[whole](features)
        if alpha:
            finer = self.to_image[whole + 1](self.blocks[self.start_doublings + whole](double(features)))
            images = torch.lerp(double(images), finer, alpha)
        images = enlarge(images, self.sizes[-1])
        return images if self.training else images.clamp(-1, 1)


class Discriminator(Growing):
    """Growing discriminator, the mirror image of the generator, with the minibatch standard deviation as a feature.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        width: Channels at the full resolution; each lower resolution has twice as many, up to 8 * width.
        start_size: Resolution at which growth starts; None for the smallest, 4 to 7.
        group_size: Largest number of images per group; see MinibatchStd.

    Raises:
        ValueError: If a size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        width: Width = 16,
        start_size: Pixels | None = None,
        group_size: AtLeastTwo = 4,
    ) -> None:
        super().__init__(image_shape[-1], start_size)
        widths = channel_counts(width, self.start_doublings + len(self.sizes))[::-1]
        base = self.sizes[0] >> self.start_doublings

        def convolution(inputs: int, outputs: int, kernel: int = 3, padding: int = 1) -> list[nn.Module]:
            return [EqualizedConv2d(inputs, outputs, kernel, padding), nn.LeakyReLU(0.2)]

        def block(outputs: int, inputs: int) -> nn.Module:
            return nn.Sequential(*convolution(inputs, inputs), *convolution(inputs, outputs), nn.AvgPool2d(2))

        self.from_image = nn.ModuleList(
            nn.Sequential(*convolution(image_shape[0], width, 1, 0)) for width in widths[self.start_doublings :]
        )
        self.blocks = nn.ModuleList(block(*pair) for pair in pairwise(widths))
        self.end = nn.Sequential(
            MinibatchStd(group_size),
            *convolution(widths[0] + 1, widths[0]),
            *convolution(widths[0], widths[0], base, 0),
            nn.Flatten(),
        )
        self.head = EqualizedLinear(widths[0], 1, gain=1)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), averaged to the level's resolution, to logits and features."""
        whole, alpha = int(self.level), self.level % 1
        features = self.from_image[whole](shrink(images, self.sizes[whole]))
        if alpha:
            finer = self.from_image[whole + 1](shrink(images, self.sizes[whole + 1]))
            features = torch.lerp(features, self.blocks[self.start_doublings + whole](finer), alpha)
        for block in reversed(self.blocks[: self.start_doublings + whole]):
            features = block(features)
        features = self.end(features)
        return DiscriminatorOutput(self.head(features).flatten(), features)


class ProGAN(GAN):
    """GAN with progressive growing: the resolution rises with the number of real images seen.

    Each resolution is first trained on its own; then the next one fades in, in both networks and in the real images.

    Args:
        generator: Maps (z, labels) to images.
        discriminator: Maps (images, labels) to a DiscriminatorOutput; has the same resolutions as the generator.
        fade_images: Real images, on all ranks together, during which a resolution fades in.
        stable_images: Real images for which a resolution is trained before the next one fades in.
        **settings: See GAN.

    Attributes:
        images_seen: Real images trained on so far, on all ranks together.

    Raises:
        ValueError: If the networks have different resolutions.
    """

    def __init__(
        self,
        generator: Growing,
        discriminator: Growing,
        fade_images: NonNegativeInt = 800_000,
        stable_images: NonNegativeInt = 800_000,
        **settings: Any,
    ) -> None:
        if generator.sizes != discriminator.sizes:
            raise ValueError(
                f"the networks must grow alike, but have sizes {generator.sizes} and {discriminator.sizes}: do not "
                "change model.discriminator.start_size"
            )
        super().__init__(generator, discriminator, **settings)
        self.fade_images, self.stable_images, self.sizes = fade_images, stable_images, generator.sizes
        self.images_seen = 0
        self.grow()

    @property
    def level(self) -> float:
        """Level after the images seen so far; see Growing."""
        return growth_level(self.images_seen, self.stable_images, self.fade_images, len(self.sizes) - 1)

    def grow(self) -> None:
        """Set the level of both networks and of the generator's moving average."""
        for network in self.modules():
            if isinstance(network, Growing):
                network.level = self.level

    def training_step(self, batch: Batch, batch_idx: int) -> Terms:
        """Update the players at the level of the images seen so far, with real images of that level's detail."""
        self.grow()
        terms = {"level": torch.tensor(self.level, device=self.device)}
        images = images_at_level(batch.real, self.level, self.sizes)
        terms |= super().training_step(batch._replace(real=images), batch_idx)
        self.images_seen += self.trainer.world_size * batch.size
        return terms

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the number of images seen."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["images_seen"] = self.images_seen

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the number of images seen, which does not depend on the batch size."""
        super().on_load_checkpoint(checkpoint)
        self.images_seen = checkpoint["images_seen"]


def double(images: Tensor) -> Tensor:
    """Double the resolution by repeating pixels."""
    return enlarge(images, 2 * images.shape[-1])
