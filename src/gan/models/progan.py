"""ProGAN: both networks grow, resolution by resolution, while they train (Karras et al., 2018)."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from gan.keyed_random import KeyedRandom
from gan.models.gan import GAN
from gan.nn.equalized import EqualizedConv2d, EqualizedLinear
from gan.nn.growing import Growing, enlarge, growth_level, images_at_level, shrink
from gan.nn.minibatch_std import MinibatchStd
from gan.nn.pixel_norm import PixelNorm
from gan.types import Batch, DiscriminatorOutput, DiscriminatorPass, RealOrFake, Terms

__all__ = ["Discriminator", "Generator", "ProGAN"]

LARGEST_MULTIPLE = 8


def channels(width: int, number: int) -> list[int]:
    """Return the channels of ``number`` resolutions, ``width`` at the last, twice as many at each before, up to 8x."""
    return [width * min(2**n, LARGEST_MULTIPLE) for n in reversed(range(number))]


class Generator(Growing):
    """From noise to images, each resolution with a layer of its own that turns features to images.

    That layer is linear, as in the paper; images are cut off at [-1, 1] in evaluation mode alone, where the paper cuts
    them off as it saves them.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        latent_dim: Length of z, which is normalised first.
        width: Channels at the full resolution; each one before it has twice as many, up to 8 times.
        start_size: Pixels that growth begins with; None for the least, 4 to 7.

    Raises:
        ValueError: If sizes do not fit.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int = 100,
        width: int = 16,
        start_size: int | None = None,
    ) -> None:
        super().__init__(image_shape[-1], start_size)
        widths = channels(width, self.start_doublings + len(self.sizes))
        base = self.sizes[0] >> self.start_doublings

        def convolution(before: int, after: int) -> list[nn.Module]:
            return [EqualizedConv2d(before, after, 3, padding=1), nn.LeakyReLU(0.2), PixelNorm()]

        def block(before: int, after: int) -> nn.Module:
            return nn.Sequential(*convolution(before, after), *convolution(after, after))

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
            features = block(doubled(features))
        images = self.to_image[whole](features)
        if alpha:
            finer = self.to_image[whole + 1](self.blocks[self.start_doublings + whole](doubled(features)))
            images = torch.lerp(doubled(images), finer, alpha)
        images = enlarge(images, self.sizes[-1])
        return images if self.training else images.clamp(-1, 1)


class Discriminator(Growing):
    """From images to logits, the generator's mirror image; before its last layers it is told how much a batch varies.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        width: Channels at the full resolution; each one below it has twice as many, up to 8 times.
        start_size: Pixels that growth begins with; None for the least, 4 to 7.
        group_size: Images whose variation is told, at most; see MinibatchStd.

    Raises:
        ValueError: If a number does not fit.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        width: int = 16,
        start_size: int | None = None,
        group_size: int = 4,
    ) -> None:
        super().__init__(image_shape[-1], start_size)
        widths = channels(width, self.start_doublings + len(self.sizes))
        base = self.sizes[0] >> self.start_doublings

        def convolution(before: int, after: int, kernel: int = 3, padding: int = 1) -> list[nn.Module]:
            return [EqualizedConv2d(before, after, kernel, padding), nn.LeakyReLU(0.2)]

        def block(after: int, before: int) -> nn.Module:
            return nn.Sequential(*convolution(before, before), *convolution(before, after), nn.AvgPool2d(2))

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
        """Judge images, with shape (B, C, H, W), by what can be seen of them at the level's resolution."""
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
    """The game at a resolution that rises with the real images seen.

    Each resolution is trained as it is for a while; then the next fades in, in both networks and in the real images.

    Args:
        generator: Maps (z, labels) to images.
        discriminator: Maps (images, labels) to a DiscriminatorOutput; it grows as the generator does.
        fade_images: Real images, on all ranks together, in which a resolution fades in.
        stable_images: Real images for which a resolution is trained before the next fades in.
        **settings: As GAN takes them.

    Attributes:
        images_seen: Real images, on all ranks together, that were trained on.

    Raises:
        ValueError: If a number is negative, or the networks do not grow alike.
    """

    def __init__(
        self,
        generator: Growing,
        discriminator: Growing,
        fade_images: int = 800_000,
        stable_images: int = 800_000,
        **settings: Any,
    ) -> None:
        if min(fade_images, stable_images) < 0:
            raise ValueError(f"fade_images and stable_images must be at least 0, not {fade_images}, {stable_images}")
        if generator.sizes != discriminator.sizes:
            raise ValueError(
                f"the networks must grow alike, but have sizes {generator.sizes} and {discriminator.sizes}: leave "
                "model.discriminator.start_size as it is"
            )
        super().__init__(generator, discriminator, **settings)
        self.fade_images, self.stable_images, self.sizes = fade_images, stable_images, generator.sizes
        self.images_seen = 0
        self.grow()

    @property
    def level(self) -> float:
        """The level that the images seen have come to; see Growing."""
        return growth_level(self.images_seen, self.stable_images, self.fade_images, len(self.sizes) - 1)

    def grow(self) -> None:
        """Bring the networks, and the generator's average, to the level."""
        for network in self.modules():
            if isinstance(network, Growing):
                network.level = self.level

    def training_step(self, batch: Batch, batch_idx: int) -> Terms:
        """Grow, and play at that level; ``level`` is logged beside the game's terms."""
        self.grow()
        terms = {"level": torch.tensor(self.level, device=self.device)}
        terms |= super().training_step(batch, batch_idx)
        self.images_seen += self.trainer.world_size * len(batch.images)
        return terms

    def discriminate(
        self,
        batch: Batch,
        fake: Tensor,
        rng: KeyedRandom,
        include_real: bool = True,
        double_backward: frozenset[RealOrFake] = frozenset(),
    ) -> DiscriminatorPass:
        """Let the discriminator judge fake images, and real ones as they look at the level."""
        seen = batch._replace(images=images_at_level(batch.images, self.level, self.sizes))
        return super().discriminate(seen, fake, rng, include_real, double_backward)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the images seen."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["images_seen"] = self.images_seen

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from the images seen, even with batches of another size."""
        super().on_load_checkpoint(checkpoint)
        self.images_seen = checkpoint["images_seen"]


def doubled(images: Tensor) -> Tensor:
    return enlarge(images, 2 * images.shape[-1])
