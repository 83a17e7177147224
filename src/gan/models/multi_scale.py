"""Games of images from sentences at several sizes, with a discriminator for each (StackGAN, AttnGAN)."""

from dataclasses import replace
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import ImageShape, Length, Vocabulary, Width
from gan.models import dfgan
from gan.models.text_to_image import TextToImage
from gan.nn.matching_head import MatchingHead, MatchingOutput
from gan.nn.resolution import base_and_doublings
from gan.types import DiscriminatorPass, GeneratorOutput, GeneratorPass

__all__ = ["Discriminators", "MultiScale", "half_size"]


def half_size(image_shape: ImageShape) -> ImageShape:
    """Return the shape of images of half the size.

    Raises:
        ValueError: If the half size does not fit a network that doubles its resolution.
    """
    channels, height, width = image_shape
    base_and_doublings(height, parts=2)
    return channels, height // 2, width // 2


class Discriminators(nn.Module):
    """A discriminator of DF-GAN for images of half the size, and one for whole ones.

    Args:
        image_shape: (C, H, W) of whole images.
        vocabulary_size: Number of words.
        length: Largest number of words of a sentence.
        width: Channels of the first layer of each.
        sentence_dim: Length of a sentence's vector.

    Raises:
        ValueError: If the size does not fit.
    """

    batch_independent = True

    def __init__(
        self,
        image_shape: ImageShape,
        vocabulary_size: Vocabulary,
        length: Length,
        width: Width = 16,
        sentence_dim: Width = 64,
    ) -> None:
        super().__init__()
        self.small, self.large = (
            dfgan.Discriminator(shape, vocabulary_size, length, width, sentence_dim)
            for shape in (half_size(image_shape), image_shape)
        )

    @property
    def head(self) -> MatchingHead:
        """Head of the discriminator of whole images."""
        return self.large.head

    def forward(self, images: Tensor, labels: Tensor | None = None, condition: Tensor | None = None) -> MatchingOutput:
        """Map whole images, with shape (B, C, H, W), and sentences to an output."""
        output: MatchingOutput = self.large(images, labels, condition)
        return output


class MultiScale(TextToImage):
    """GAN from sentences whose generator also returns images of half the size, as the extra output ``half``.

    The loss is the sum over both sizes. In phases before the game, if there are any, the images of half the size alone
    are trained on: the first stage.
    """

    discriminator: Discriminators

    def discriminator_passes(self, g_pass: GeneratorPass, **settings: Any) -> dict[str, DiscriminatorPass]:
        """Return a pass for each size, ``half`` and ``whole``; in a phase before the game the first alone."""
        assert g_pass.generated.extras is not None
        half = replace(
            g_pass,
            batch=g_pass.batch._replace(real=F.avg_pool2d(g_pass.batch.real, 2)),
            generated=GeneratorOutput(g_pass.generated.extras["half"]),
        )
        sizes: dict[str, tuple[GeneratorPass, nn.Module]] = {"half": (half, self.discriminator.small)}
        if self.global_step >= sum(phase.steps for phase in self.phases):
            sizes["whole"] = (g_pass, self.discriminator.large)
        return {
            name: self.with_wrong_sentences(self.discriminate(own, discriminator=network, **settings), network)
            for name, (own, network) in sizes.items()
        }
