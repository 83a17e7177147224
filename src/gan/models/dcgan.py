"""DCGAN: transposed convolutions up, strided convolutions down (Radford et al., 2016)."""

from collections.abc import Callable

from torch import Tensor, nn

from gan.models.gan import GAN
from gan.nn.layers import Norm, maybe_spectral_norm, norm_layer
from gan.nn.resolution import base_and_doublings
from gan.types import DiscriminatorOutput

__all__ = ["DCGAN", "Discriminator", "Generator"]

LARGEST_MULTIPLE = 8


def initialized(layer: nn.Module) -> nn.Module:
    """Draw a layer's weights from N(0, 0.02), a norm's scales from N(1, 0.02) (Radford et al., 2016, Section 4)."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d | nn.InstanceNorm2d | nn.GroupNorm):
        nn.init.normal_(layer.weight, 1.0, 0.02)
        nn.init.zeros_(layer.bias)
    return layer


class Generator(nn.Module):
    """From noise to images, doubling the resolution at each layer.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        latent_dim: Length of z.
        width: Channels of the last hidden layer; each layer before it has twice as many, up to 8 times.
        norm: Normalisation of each hidden layer.
        spectral_norm: Whether weights are divided by their largest singular value.
        make_norm: Builds a normalisation from its name and the number of channels; a variant may build another.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        latent_dim: int = 100,
        width: int = 64,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        make_norm: Callable[[Norm, int], nn.Module] = norm_layer,
    ) -> None:
        super().__init__()
        base, doublings = base_and_doublings(image_shape[-1])
        widths = [width * min(2**n, LARGEST_MULTIPLE) for n in reversed(range(doublings))]
        layers: list[nn.Module] = []
        for n, (before, after) in enumerate(zip([latent_dim, *widths], [*widths, image_shape[0]], strict=True)):
            last = n == doublings
            kernel, stride, padding = (4, 2, 1) if n else (base, 1, 0)
            bias = last or norm == "none"
            layer = nn.ConvTranspose2d(before, after, kernel, stride, padding, bias=bias)
            layers.append(maybe_spectral_norm(initialized(layer), spectral_norm))
            layers += [nn.Tanh()] if last else [initialized(make_norm(norm, after)), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), to images in [-1, 1], with shape (B, C, H, W)."""
        return self.layers(z[:, :, None, None])


class Discriminator(nn.Module):
    """From images to logits, halving the resolution at each layer.

    Args:
        image_shape: (C, H, W) with H = W, of size 4, 5, 6 or 7 times a power of two.
        width: Channels of the first layer; each layer has twice as many as the one before, up to 8 times.
        norm: Normalisation of each hidden layer but the first.
        spectral_norm: Whether weights are divided by their largest singular value.
        packing: Images that are judged together, as channels of one.

    Attributes:
        feature_shape: (C, H, W) of the features of an image before they are flattened.
        num_features: Length F of a verdict's features.

    Raises:
        ValueError: If the size does not fit.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        width: int = 64,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        packing: int = 1,
    ) -> None:
        super().__init__()
        base, halvings = base_and_doublings(image_shape[-1])
        widths = [width * min(2**n, LARGEST_MULTIPLE) for n in range(halvings)]
        layers: list[nn.Module] = []
        for n, (before, after) in enumerate(zip([packing * image_shape[0], *widths[:-1]], widths, strict=True)):
            layer = nn.Conv2d(before, after, 4, 2, 1, bias=n == 0 or norm == "none")
            layers.append(maybe_spectral_norm(initialized(layer), spectral_norm))
            layers += [initialized(norm_layer(norm if n else "none", after)), nn.LeakyReLU(0.2, inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.head = maybe_spectral_norm(initialized(nn.Conv2d(widths[-1], 1, base)), spectral_norm)
        self.feature_shape = (widths[-1], base, base)
        self.num_features = widths[-1] * base**2

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Judge images, with shape (B, C, H, W)."""
        features = self.layers(images)
        return DiscriminatorOutput(self.head(features).flatten(), features.flatten(1))


class DCGAN(GAN):
    """The game between the two; see GAN for the arguments."""
