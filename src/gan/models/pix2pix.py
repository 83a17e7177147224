"""pix2pix: translation of images by paired examples (Isola et al., 2017)."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from gan.bounds import Decay
from gan.keyed_random import KeyedRandom
from gan.models.gan import GAN
from gan.types import GeneratorInput, Request

__all__ = ["Pix2Pix"]


class Pix2Pix(GAN):
    """GAN whose generator maps a source image to an image; its only noise is dropout (Section 3.2.1).

    The generator's attribute ``dropout_shapes`` names its dropout masks, which are drawn by key: samples are the same
    for every batch size, and dropout is on in sampling although the network is in evaluation mode.

    Args:
        dropout: Probability of dropout.
        dropout_at_sampling: Whether samples have dropout, as in the paper; otherwise each source has one image.
        **settings: See GAN.
    """

    uses_condition = True

    def __init__(self, dropout: Decay = 0.5, dropout_at_sampling: bool = True, **settings: Any) -> None:
        super().__init__(**settings)
        self.dropout, self.dropout_at_sampling = dropout, dropout_at_sampling

    def sample_noise(self, rng: KeyedRandom) -> dict[str, Tensor] | None:
        """Draw the dropout masks, with mean 1."""
        shapes: dict[str, tuple[int, int, int]] = getattr(self.generator, "dropout_shapes", {})
        return self._draw_masks(rng, shapes)

    def translation_noise(self, rng: KeyedRandom, size: tuple[int, int]) -> dict[str, Tensor] | None:
        """Draw dropout masks of the shapes that source images of a height and width have within the network."""
        if not self.dropout_at_sampling:
            return None
        shapes_at = getattr(self.generator, "dropout_shapes_at", None)
        return self.sample_noise(rng) if shapes_at is None else self._draw_masks(rng, shapes_at(*size))

    def sample_input(
        self,
        indices: range,
        seed: int = 0,
        classes: Sequence[int] | None = None,
        truncation: float | None = None,
        request: Request | None = None,
    ) -> GeneratorInput:
        """Return the input of samples; see Sampler."""
        inputs = super().sample_input(indices, seed, classes, truncation, request)
        return inputs if self.dropout_at_sampling else inputs._replace(noise=None)

    def _draw_masks(self, rng: KeyedRandom, shapes: dict[str, tuple[int, int, int]]) -> dict[str, Tensor] | None:
        if not self.dropout or not shapes:
            return None
        keep = 1 - self.dropout
        return {name: (rng.uniform(*shape) < keep).float() / keep for name, shape in shapes.items()}
