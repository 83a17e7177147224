"""SAGAN: SNGAN's networks with self-attention and spectral norm in both players (Zhang et al., 2019)."""

from typing import Any

from gan.bounds import ImageShape, Pixels, Width
from gan.models import sngan
from gan.models.gan import GAN
from gan.nn.attention import SelfAttention, place_of_attention

__all__ = ["SAGAN", "Discriminator", "Generator"]


class Generator(sngan.Generator):
    """SNGAN's generator with self-attention at one resolution.

    Args:
        image_shape: (C, H, W); see SNGAN's.
        attention_size: Height and width of the features that attention is applied to; None for half the images' size.
        width: Channels of each block.
        spectral_norm: Whether to divide weights by their largest singular value.
        **settings: See SNGAN's.

    Raises:
        ValueError: If a size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        attention_size: Pixels | None = None,
        width: Width = 256,
        spectral_norm: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(image_shape, width=width, spectral_norm=spectral_norm, **settings)
        size = image_shape[-1] // 2 if attention_size is None else attention_size
        insert_attention(self, size, SelfAttention(width, spectral_norm))


class Discriminator(sngan.Discriminator):
    """SNGAN's discriminator with self-attention at one resolution.

    Args:
        image_shape: (C, H, W); see SNGAN's.
        attention_size: Height and width of the features that attention is applied to; None for half the images' size.
        width: Channels of each block.
        spectral_norm: Whether to divide weights by their largest singular value.
        **settings: See SNGAN's.

    Raises:
        ValueError: If a size does not fit.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        attention_size: Pixels | None = None,
        width: Width = 128,
        spectral_norm: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(image_shape, width=width, spectral_norm=spectral_norm, **settings)
        size = image_shape[-1] // 2 if attention_size is None else attention_size
        insert_attention(self, size, SelfAttention(width, spectral_norm))


def insert_attention(network: sngan.Generator | sngan.Discriminator, size: int, attention: SelfAttention) -> None:
    """Insert attention after the first block with an output of a size, in pixels.

    Raises:
        ValueError: If there is no such block.
    """
    network.blocks.insert(place_of_attention(network.sizes, size) + 1, attention)


class SAGAN(GAN):
    """Self-attention GAN; see GAN for the arguments."""
