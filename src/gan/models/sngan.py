"""SNGAN: residual networks, with spectral norm in the discriminator (Miyato et al., 2018).

The networks are those for 32x32 pixels (Appendix B.4, Table 4), with one width throughout. Other sizes use more or
fewer doublings.
"""

from torch import Tensor, nn

from gan.bounds import ImageShape, LatentDim, Packing, Width
from gan.models.gan import GAN
from gan.nn.initialization import glorot
from gan.nn.layers import Norm, maybe_spectral_norm
from gan.nn.residual import convolution, down_block, first_block, norm_relu, plain_block, up_block
from gan.nn.resolution import base_and_doublings
from gan.types import DiscriminatorOutput

__all__ = ["SNGAN", "Discriminator", "Generator"]

SMALLEST_SIZE = 5  # smallest resolution in the discriminator: 32 is halved to 8, as in the paper, and 28 to 7
PLAIN_BLOCKS = 2  # at the lowest resolution


class Generator(nn.Module):
    """Generator that doubles the resolution in each block.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        latent_dim: Length of z.
        width: Channels of each block.
        norm: Normalisation before each ReLU.
        spectral_norm: Whether to divide weights by their largest singular value.

    Attributes:
        sizes: Height and width of each block's output.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: LatentDim = 128,
        width: Width = 256,
        norm: Norm = "batch",
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        base, doublings = base_and_doublings(image_shape[-1])
        first = glorot(nn.Linear(latent_dim, base * base * width))
        self.stem = nn.Sequential(maybe_spectral_norm(first, spectral_norm), nn.Unflatten(1, (width, base, base)))
        self.sizes = [base << n for n in range(1, doublings + 1)]
        self.blocks = nn.Sequential(*(up_block(width, width, norm, spectral_norm) for _ in self.sizes))
        last = convolution(width, image_shape[0], 3, spectral_norm)
        self.head = nn.Sequential(norm_relu(width, norm), last, nn.Tanh())

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), to images in [-1, 1], with shape (B, C, H, W)."""
        return self.head(self.blocks(self.stem(z)))


class Discriminator(nn.Module):
    """Discriminator: blocks that halve the resolution, two that keep it, and a sum over positions.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        width: Channels of each block.
        norm: Normalisation before each ReLU; the paper has none.
        spectral_norm: Whether to divide weights by their largest singular value, including those of shortcuts and of
            the last layer.
        packing: Images per pack, concatenated along the channels.

    Attributes:
        sizes: Height and width of each block's output.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        width: Width = 128,
        norm: Norm = "none",
        spectral_norm: bool = True,
        packing: Packing = 1,
    ) -> None:
        super().__init__()
        size, (_, halvings) = image_shape[-1], base_and_doublings(image_shape[-1])
        halved = [size >> n for n in range(1, halvings + 1) if size >> n >= SMALLEST_SIZE]
        self.sizes = halved + PLAIN_BLOCKS * halved[-1:]
        self.blocks = nn.Sequential(
            first_block(packing * image_shape[0], width, norm, spectral_norm),
            *(down_block(width, width, norm, spectral_norm) for _ in halved[1:]),
            *(plain_block(width, width, norm, spectral_norm) for _ in range(PLAIN_BLOCKS)),
        )
        self.activation = norm_relu(width, norm)
        self.head = maybe_spectral_norm(glorot(nn.Linear(width, 1, bias=False)), spectral_norm)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), to logits and features."""
        features = self.activation(self.blocks(images)).sum((2, 3))
        return DiscriminatorOutput(self.head(features).flatten(), features)


class SNGAN(GAN):
    """Spectrally normalised GAN; see GAN for the arguments."""
