"""BEGAN's networks: the discriminator is an autoencoder, and the generator is like its decoder."""

from torch import Tensor, nn

from gan.bounds import Depth, Exponent, ImageShape, LatentDim, Packing, Width
from gan.models.gan import GAN
from gan.nn.resolution import base_and_doublings
from gan.types import DiscriminatorOutput

__all__ = ["BEGAN", "Discriminator", "Generator"]


def block(channels: int, layers: int) -> list[nn.Module]:
    """Build 3x3 convolutions, each with an exponential linear unit."""
    return [module for _ in range(layers) for module in (nn.Conv2d(channels, channels, 3, padding=1), nn.ELU())]


class Decoder(nn.Module):
    """Decoder from vectors to images, without bounds (Berthelot et al., 2017, Figure 1).

    A linear layer maps z to the lowest resolution; a block at each resolution is followed by nearest-neighbour
    upsampling. The lowest resolution is 4 to 7; in the paper, it is 8.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        latent_dim: Length of z.
        width: Channels of every layer.
        layers: Convolutions per resolution.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self, image_shape: ImageShape, latent_dim: LatentDim = 64, width: Width = 64, layers: Depth = 2
    ) -> None:
        super().__init__()
        base, doublings = base_and_doublings(image_shape[-1])
        blocks: list[nn.Module] = [nn.Linear(latent_dim, width * base**2), nn.Unflatten(1, (width, base, base))]
        for level in range(doublings + 1):
            blocks += [*([nn.Upsample(scale_factor=2)] if level else []), *block(width, layers)]
        self.layers = nn.Sequential(*blocks, nn.Conv2d(width, image_shape[0], 3, padding=1))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), to images, with shape (B, C, H, W)."""
        return self.layers(z)


class Generator(Decoder):
    """Generator: the decoder of the discriminator, with other weights and a tanh, which the paper does not have.

    The rest of the project expects images in [-1, 1]. The discriminator's decoder has no tanh, since the mean absolute
    error of dark images would saturate it.
    """

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), to images in [-1, 1], with shape (B, C, H, W)."""
        return super().forward(z, labels).tanh()


class Encoder(nn.Module):
    """Encoder: channels grow linearly while strided convolutions halve the resolution.

    Args:
        image_shape: (C, H, W); see Decoder.
        latent_dim: Length of the embedding.
        width: Channels at the images' resolution.
        layers: Convolutions per resolution.
    """

    def __init__(self, image_shape: ImageShape, latent_dim: LatentDim, width: Width, layers: Depth) -> None:
        super().__init__()
        base, halvings = base_and_doublings(image_shape[-1])
        blocks: list[nn.Module] = [nn.Conv2d(image_shape[0], width, 3, padding=1), nn.ELU()]
        for level in range(1, halvings + 1):
            smaller = nn.Conv2d(level * width, (level + 1) * width, 3, stride=2, padding=1)
            blocks += [*block(level * width, layers), smaller, nn.ELU()]
        channels = (halvings + 1) * width
        blocks += [*block(channels, layers), nn.Flatten(), nn.Linear(channels * base**2, latent_dim)]
        self.layers = nn.Sequential(*blocks)

    def forward(self, images: Tensor) -> Tensor:
        """Map images, with shape (B, C, H, W), to embeddings, with shape (B, latent_dim)."""
        return self.layers(images)


class Discriminator(nn.Module):
    """Autoencoder as a discriminator: an image's logit is minus its reconstruction error.

    Args:
        image_shape: (C, H, W); see Decoder.
        latent_dim: Length of the embedding, the output's features.
        width: Channels at the images' resolution.
        layers: Convolutions per resolution.
        exponent: η, of the difference of pixels: 1 for the mean absolute error, 2 for the mean squared error.
        packing: Images per pack, concatenated along the channels.

    Attributes:
        num_features: Length F of the output's features.
        batch_independent: Whether an image's output does not depend on the rest of the batch.
        energy_based: Whether minus the logits are energies.

    Raises:
        ValueError: If the size does not fit.
    """

    batch_independent = True
    energy_based = True

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: LatentDim = 64,
        width: Width = 64,
        layers: Depth = 2,
        exponent: Exponent = 1,
        packing: Packing = 1,
    ) -> None:
        super().__init__()
        channels, *size = image_shape
        packed = (packing * channels, size[0], size[1])
        self.encoder = Encoder(packed, latent_dim, width, layers)
        self.decoder = Decoder(packed, latent_dim, width, layers)
        self.exponent, self.num_features = exponent, latent_dim

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), to logits and features."""
        embedding = self.encoder(images)
        differences = (self.decoder(embedding).float() - images.float()).abs()
        return DiscriminatorOutput(-(differences**self.exponent).flatten(1).mean(1), embedding)


class BEGAN(GAN):
    """GAN with an autoencoder as its discriminator; see GAN for the arguments."""
