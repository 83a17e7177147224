"""SRGAN: super-resolution of images (Ledig et al., 2017)."""

from gan.models.gan import GAN

__all__ = ["SRGAN"]


class SRGAN(GAN):
    """GAN whose generator maps a small image to a large one, without noise; see GAN for the arguments.

    Pretraining by pixel errors is a phase without a discriminator; what follows is chosen by the generator's
    regularisers, such as ``MSE`` and ``Perceptual``, and their schedules.
    """

    uses_condition = True
