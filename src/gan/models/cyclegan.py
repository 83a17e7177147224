"""CycleGAN: translation between two sets of images without pairs, in both directions (Zhu et al., 2017)."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from gan.keyed_random import KeyedRandom
from gan.models.gan import GAN
from gan.types import Batch, DiscriminatorPass, GeneratorOutput, GeneratorPass, Player

__all__ = ["CycleGAN", "Translators"]


class Translators(nn.Module):
    """Networks from source images (A) to target images (B) and back; samples are translations from A to B.

    Args:
        a_to_b: Maps source images, with shape (B, C, H, W), to target images in [-1, 1].
        b_to_a: Maps target images to source images.
    """

    def __init__(self, a_to_b: nn.Module, b_to_a: nn.Module) -> None:
        super().__init__()
        self.a_to_b, self.b_to_a = a_to_b, b_to_a

    @property
    def divisor(self) -> int | None:
        """Divisor of the heights and widths that the network from A to B takes; None if it does not say."""
        return getattr(self.a_to_b, "divisor", None)

    @property
    def source_shape(self) -> tuple[int, ...] | None:
        """(C, H, W) of the source images in training; None if the network from A to B does not say."""
        return getattr(self.a_to_b, "source_shape", None)

    def forward(self, z: Tensor | None, labels: Tensor | None, condition: Tensor) -> Tensor:
        """Map source images to target images."""
        return self.a_to_b(condition)


class CycleGAN(GAN):
    """Two games in one: each translator against a discriminator of its output.

    The data's condition is a source image that has nothing to do with the real one. Cycle consistency and identity are
    regularisers of the generator: see ``gan.losses.cycle``.

    Args:
        source_discriminator: Discriminator of source images; ``discriminator`` is that of target images. Neither sees
            what an image was translated from.
        **settings: See GAN; ``replay`` is copied for the source images.
    """

    uses_condition = True
    generator: Translators

    def __init__(self, source_discriminator: nn.Module, **settings: Any) -> None:
        super().__init__(**settings)
        self.source_discriminator = source_discriminator.to(memory_format=self.memory_format)
        self.source_replay = deepcopy(self.replay)

    def reversed_network(self, network: nn.Module) -> nn.Module:
        """Return the translators in the opposite order; see Sampler."""
        assert isinstance(network, Translators)
        return Translators(network.b_to_a, network.a_to_b)

    def players(self) -> dict[str, list[nn.Module]]:
        translators = [self.generator.a_to_b, self.generator.b_to_a]  # one by one, since each is called and compiled
        return {"discriminator": [self.discriminator, self.source_discriminator], "generator": translators}

    def generator_pass(self, player: Player, batch: Batch, rng: KeyedRandom) -> GeneratorPass:
        """Translate the source images, and the real ones back: ``generated.extras["source"]``."""
        g_pass = super().generator_pass(player, batch, rng)
        extras = {"source": self.generator.b_to_a(batch.real).float()}
        return replace(g_pass, generated=g_pass.generated._replace(extras=extras))

    def discriminator_passes(self, g_pass: GeneratorPass, **settings: Any) -> dict[str, DiscriminatorPass]:
        """Return the pass on target images, and that on source images."""
        source, extras = g_pass.inputs.condition, g_pass.generated.extras
        assert isinstance(source, Tensor)
        assert extras is not None
        back = replace(g_pass, batch=g_pass.batch._replace(real=source), generated=GeneratorOutput(extras["source"]))
        return {
            "": self.discriminate(g_pass, **settings),
            "source": self.discriminate(
                back, discriminator=self.source_discriminator, replay=self.source_replay, **settings
            ),
        }
