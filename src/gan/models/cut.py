"""CUT: translation between two sets of images without pairs, in one direction (Park et al., 2020)."""

from gan.models.gan import GAN

__all__ = ["CUT"]


class CUT(GAN):
    """GAN of a translator and a discriminator of target images that does not see what they were translated from.

    The data's condition is a source image that has nothing to do with the real one. What a translation keeps of its
    source is decided by regularisers of the generator: see ``gan.losses.patch_nce``.
    """

    uses_condition = True
