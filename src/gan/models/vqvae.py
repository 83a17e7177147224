"""VQ-VAE: an autoencoder with discrete codes, and a PixelCNN prior over them (van den Oord et al., 2017)."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from gan.bounds import Blocks, Codes, Depth, Halvings, ImageShape, LatentDim, Width
from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.losses.vector_quantization import VectorQuantization
from gan.models.autoencoder import AutoEncoder
from gan.models.trainable import OptimizerFactory
from gan.nn.pixelcnn import PixelCNN
from gan.nn.quantizer import VectorQuantizer, straight_through
from gan.nn.residual import Residual
from gan.types import Batch, Terms

__all__ = ["VQVAE", "Encoder", "Generator"]


class Encoder(nn.Module):
    """Encoder from images to a grid of vectors, normalised to mean 0 and deviation 1 like the initial codebook.

    Args:
        image_shape: (C, H, W) with H = W.
        code_dim: Length D of a vector.
        width: Channels of the hidden layers.
        halvings: Number of strided convolutions.
        blocks: Residual blocks.

    Raises:
        ValueError: If the size cannot be halved that many times.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        code_dim: Width = 4,
        width: Width = 64,
        halvings: Halvings = 2,
        blocks: Blocks = 2,
    ) -> None:
        super().__init__()
        grid_size(image_shape, halvings)
        layers: list[nn.Module] = []
        for inputs in [image_shape[0], *[width] * (halvings - 1)]:
            layers += [nn.Conv2d(inputs, width, 4, 2, 1), nn.ReLU()]
        layers += [nn.Conv2d(width, width, 3, padding=1), *(residual_block(width) for _ in range(blocks))]
        self.layers = nn.Sequential(
            *layers, nn.ReLU(), nn.Conv2d(width, code_dim, 1), nn.BatchNorm2d(code_dim, affine=False)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Encode images, from shape (B, C, H, W) to (B, D, h, w)."""
        return self.layers(images).float()


class Generator(nn.Module):
    """Generator: the prior draws codes from uniform noise, and the decoder maps their vectors to images.

    Args:
        image_shape: (C, H, W) with H = W.
        latent_dim: Length of z, which is the number of codes per image.
        num_codes: Number K of codes in the codebook.
        code_dim: Length D of a code's vector.
        width: Channels of the decoder's hidden layers.
        halvings: Number of times that the encoder halves an image's size.
        blocks: Residual blocks of the decoder.
        prior_width: Channels of the prior.
        prior_depth: Layers of the prior.

    Raises:
        ValueError: If the size cannot be halved that many times, or ``latent_dim`` is not the number of codes.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: LatentDim = 49,
        num_codes: Codes = 128,
        code_dim: Width = 4,
        width: Width = 64,
        halvings: Halvings = 2,
        blocks: Blocks = 2,
        prior_width: Width = 32,
        prior_depth: Depth = 6,
    ) -> None:
        super().__init__()
        size = grid_size(image_shape, halvings)
        if latent_dim != size**2:
            raise ValueError(
                f"latent_dim={latent_dim} is not the {size} x {size} codes of an image of {image_shape[-1]} pixels: "
                f"set model.latent_dim={size**2}"
            )
        self.grid = size, size
        layers: list[nn.Module] = [
            nn.Conv2d(code_dim, width, 3, padding=1),
            *(residual_block(width) for _ in range(blocks)),
        ]
        for outputs in [*[width] * (halvings - 1), image_shape[0]]:
            layers += [nn.ReLU(), nn.ConvTranspose2d(width, outputs, 4, 2, 1)]
        self.quantizer = VectorQuantizer(num_codes, code_dim)
        self.decoder = nn.Sequential(*layers, nn.Tanh())
        self.prior = PixelCNN(num_codes, prior_width, prior_depth)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, uniform on [-1, 1) with shape (B, latent_dim), to images in [-1, 1], with shape (B, C, H, W)."""
        codes = self.prior.sample(((z + 1) / 2).unflatten(1, self.grid))
        return self.decoder(self.quantizer.look_up(codes))


class VQVAE(AutoEncoder):
    """Vector-quantised autoencoder and its prior, trained together; the prior does not influence the codes.

    The paper trains the prior after the autoencoder. Here it is trained on codes that still change, so that a single
    run produces samples from the beginning.

    Args:
        generator: A Generator; its submodules are trained, and its ``forward`` only samples.
        encoder: Maps images to vectors, with shape (B, D, h, w).
        objective: Loss of the autoencoder and the prior.
        optimizer: Functions from parameters to an optimiser, under ``generator``.
        **settings: See Trainable.

    Raises:
        ValueError: If the objective is another loss, or z is not uniform.
    """

    generator: Generator

    def __init__(
        self,
        generator: Generator,
        encoder: nn.Module,
        objective: VectorQuantization,
        optimizer: Mapping[str, OptimizerFactory],
        **settings: Any,
    ) -> None:
        super().__init__(generator, encoder, optimizer, **settings)
        if not isinstance(objective, VectorQuantization):
            kind = type(objective).__name__
            raise ValueError(f"a VQ-VAE needs its own loss, not {kind}: leave loss=... out, or set loss=vq")
        if self.latent != "uniform":
            raise ValueError(f"a VQ-VAE draws codes from uniform noise: model.latent={self.latent} does not fit")
        self.objective = objective

    def players(self) -> dict[str, list[nn.Module]]:
        """Return the only player's networks: the encoder, and the generator's submodules, which are called directly."""
        return {"generator": [self.encoder, *self.generator.children()]}

    def loss_terms(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return the objective's terms; codes have no gradient, so the prior's term trains the prior alone."""
        encoded = self.encoder(batch.real)
        quantized = self.generator.quantizer(encoded)
        reconstructions = self.generator.decoder(straight_through(encoded, quantized.vectors))
        return self.objective(batch.real, reconstructions, encoded, quantized, self.generator.prior(quantized.codes))

    def encode_and_decode(self, images: Tensor) -> Tensor:
        """Decode the codes nearest to the encoder's outputs."""
        return self.generator.decoder(self.generator.quantizer(self.encoder(images)).vectors).float()

    def truncate_latent(self, z: Tensor, threshold: float) -> Tensor:
        """Raise an error: codes from the middle of the uniform distribution are not better than others.

        Raises:
            UserError: Always.
        """
        raise UserError("truncation has no meaning for a VQ-VAE, which draws codes from its noise: leave it out")


def residual_block(width: int) -> Residual:
    """Build a residual block of ReLU, 3x3, ReLU and 1x1 convolution, on (B, width, h, w) (Section 4.1)."""
    convolutions = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 1)
    return Residual(nn.Sequential(nn.ReLU(), convolutions[0], nn.ReLU(), convolutions[1]), nn.Identity())


def grid_size(image_shape: tuple[int, int, int], halvings: int) -> int:
    """Return the height and width of the grid of codes.

    Raises:
        ValueError: If the image's size cannot be halved that many times.
    """
    size = image_shape[-1]
    if halvings < 1 or size % 2**halvings:
        raise ValueError(f"images of {size} pixels cannot be halved {halvings} times: set halvings to another number")
    return size // 2**halvings
