"""DCGAN: transposed convolutions in G, strided convolutions in D (Radford et al., 2016)."""

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from gan.bounds import Decay, ImageShape, Kernels, LatentDim, Packing, Probability, Width
from gan.models.gan import GAN
from gan.nn.layers import Norm, maybe_spectral_norm, norm_layer
from gan.nn.minibatch_discrimination import MinibatchDiscrimination
from gan.nn.resolution import base_and_doublings, channel_counts
from gan.types import DiscriminatorOutput

__all__ = ["DCGAN", "Discriminator", "Generator"]


def init_weights(layer: nn.Module) -> nn.Module:
    """Draw weights from N(0, 0.02), and scales of norms from N(1, 0.02) (Radford et al., 2016, Section 4)."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d | nn.InstanceNorm2d | nn.GroupNorm):
        nn.init.normal_(layer.weight, 1.0, 0.02)
        nn.init.zeros_(layer.bias)
    return layer


class Generator(nn.Module):
    """Generator that doubles the resolution in each layer.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        latent_dim: Length of z.
        width: Channels of the last hidden layer; each earlier layer has twice as many, up to 8 * width.
        norm: Normalisation of each hidden layer.
        spectral_norm: Whether to divide weights by their largest singular value.
        make_norm: Builds a normalisation layer from its name and the number of channels.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: LatentDim = 100,
        width: Width = 64,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        make_norm: Callable[[Norm, int], nn.Module] = norm_layer,
    ) -> None:
        super().__init__()
        base, doublings = base_and_doublings(image_shape[-1])
        widths = channel_counts(width, doublings)[::-1]
        layers: list[nn.Module] = []
        for n, (before, after) in enumerate(zip([latent_dim, *widths], [*widths, image_shape[0]], strict=True)):
            last = n == doublings
            kernel, stride, padding = (4, 2, 1) if n else (base, 1, 0)
            bias = last or norm == "none"
            layer = nn.ConvTranspose2d(before, after, kernel, stride, padding, bias=bias)
            layers.append(maybe_spectral_norm(init_weights(layer), spectral_norm))
            layers += [nn.Tanh()] if last else [init_weights(make_norm(norm, after)), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), to images in [-1, 1], with shape (B, C, H, W)."""
        return self.layers(z[:, :, None, None])


class PixelRange(nn.Module):
    """Affine map of images from [-1, 1] to another range."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__()
        self.low, self.high = low, high

    def forward(self, images: Tensor) -> Tensor:
        return self.low + (self.high - self.low) / 2 * (images + 1)


class Discriminator(nn.Module):
    """Discriminator that halves the resolution in each layer.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        width: Channels of the first layer; each later layer has twice as many, up to 8 * width.
        norm: Normalisation of each hidden layer except the first.
        spectral_norm: Whether to divide weights by their largest singular value.
        packing: Images per pack, concatenated along the channels.
        minibatch_discrimination: Kernels of a minibatch discrimination before the last layer; 0 for none.
        negative_slope: Slope of the leaky ReLUs for negative values; 0 makes them ReLUs.
        downsampling: How the resolution is halved: by the stride of 4x4 convolutions, or by max pooling after 3x3 ones.
        dropout: Fraction of each hidden layer's units that is dropped in training.
        pixel_range: Range in which the first layer sees the pixels, which are in [-1, 1] elsewhere.

    Attributes:
        feature_shape: (C, H, W) of an image's features before flattening.
        num_features: Length F of the output's features.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        width: Width = 64,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        packing: Packing = 1,
        minibatch_discrimination: Kernels = 0,
        negative_slope: Probability = 0.2,
        downsampling: Literal["stride", "max_pool"] = "stride",
        dropout: Decay = 0.0,
        pixel_range: tuple[float, float] = (-1.0, 1.0),
    ) -> None:
        super().__init__()
        base, halvings = base_and_doublings(image_shape[-1])
        widths = channel_counts(width, halvings)
        kernel, stride = (4, 2) if downsampling == "stride" else (3, 1)
        layers: list[nn.Module] = [] if tuple(pixel_range) == (-1, 1) else [PixelRange(*pixel_range)]
        for n, (before, after) in enumerate(zip([packing * image_shape[0], *widths[:-1]], widths, strict=True)):
            layer = nn.Conv2d(before, after, kernel, stride, 1, bias=n == 0 or norm == "none")
            layers.append(maybe_spectral_norm(init_weights(layer), spectral_norm))
            layers.append(init_weights(norm_layer(norm if n else "none", after)))
            layers.append(nn.LeakyReLU(negative_slope, inplace=True))
            layers += [nn.MaxPool2d(2)] if stride == 1 else []
            layers += [nn.Dropout(dropout)] if dropout else []
        self.layers = nn.Sequential(*layers)
        self.feature_shape = (widths[-1], base, base)
        self.num_features = widths[-1] * base**2
        self.head: nn.Module
        if minibatch_discrimination:
            similarity = MinibatchDiscrimination(self.num_features, minibatch_discrimination)
            last = init_weights(nn.Linear(self.num_features + minibatch_discrimination, 1))
            self.head = nn.Sequential(nn.Flatten(), similarity, maybe_spectral_norm(last, spectral_norm))
        else:
            self.head = maybe_spectral_norm(init_weights(nn.Conv2d(widths[-1], 1, base)), spectral_norm)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), to logits and features."""
        features = self.layers(images)
        return DiscriminatorOutput(self.head(features).flatten(), features.flatten(1))


class DCGAN(GAN):
    """Deep convolutional GAN; see GAN for the arguments.

    Convolutions without a norm have PyTorch's random biases; the authors' have none.
    """
