"""Inpainting: completion of images with holes (Pathak et al., 2016)."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan.models.gan import GAN
from gan.types import GeneratorInput, GeneratorOutput

__all__ = ["Inpainting"]


class Inpainting(GAN):
    """GAN whose generator fills the holes of an image; known pixels are kept as they are.

    The condition has the channels of the image, and one more for the mask, which is 1 in holes. All losses see the
    completed image, so that errors at known pixels are zero. See GAN for the arguments.
    """

    uses_condition = True

    def run_generator(
        self, network: Callable[..., Tensor | GeneratorOutput], inputs: GeneratorInput
    ) -> GeneratorOutput:
        """Run a generator's network, and put the known pixels in the place of what it generates there."""
        output = super().run_generator(network, inputs)
        assert isinstance(inputs.condition, Tensor)
        known, mask = inputs.condition[:, :-1], inputs.condition[:, -1:]
        return output._replace(images=torch.where(mask > 0.5, output.images, known))
