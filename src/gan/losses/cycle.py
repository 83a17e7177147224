"""Regularisers of translators between two kinds of images: cycle consistency and identity (Zhu et al., 2017)."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from gan.errors import UserError
from gan.losses.regularizers import Regularizer
from gan.types import GeneratorPass

__all__ = ["CycleConsistency", "Identity"]

Translator = Callable[[Tensor], Tensor]


def translators(g_pass: GeneratorPass) -> tuple[Translator, Translator]:
    """Return the networks from source to target and back.

    Raises:
        UserError: If the generator has only one direction.
    """
    network: Any = g_pass.generator
    if not hasattr(network, "b_to_a"):
        raise UserError("cycle and identity terms need a generator of both directions, as in model=cyclegan")
    return network.a_to_b, network.b_to_a


def mean_difference(images: Tensor, target: Tensor) -> Tensor:
    """Return the mean absolute difference of images, float32."""
    return (images.float() - target).abs().mean()


class CycleConsistency(Regularizer):
    """Mean absolute difference of images from their translation there and back, in both directions (Eq. 2)."""

    needs_discriminator = False
    in_float32 = False

    def penalty(self, g_pass: GeneratorPass) -> Tensor:
        a_to_b, b_to_a = translators(g_pass)
        generated, source = g_pass.generated, g_pass.inputs.condition
        assert generated.extras is not None
        assert isinstance(source, Tensor)
        of_source = mean_difference(b_to_a(generated.images), source)
        return of_source + mean_difference(a_to_b(generated.extras["source"]), g_pass.batch.real)


class Identity(Regularizer):
    """Mean absolute difference that a translation into its own kind makes to an image (Section 5.2).

    It keeps colours; source and target must have the same channels.
    """

    needs_discriminator = False
    in_float32 = False

    def penalty(self, g_pass: GeneratorPass) -> Tensor:
        a_to_b, b_to_a = translators(g_pass)
        target, source = g_pass.batch.real, g_pass.inputs.condition
        assert isinstance(source, Tensor)
        if source.shape[1] != target.shape[1]:
            raise UserError(
                f"the identity term compares images of one kind of channels, not {source.shape[1]} and "
                f"{target.shape[1]}: set loss.generator_regularizers.identity=null"
            )
        return mean_difference(a_to_b(target), target) + mean_difference(b_to_a(source), source)
