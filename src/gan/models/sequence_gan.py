"""Base class of GANs of sequences, whose generator is first trained by likelihood."""

from torch import Tensor

from gan.keyed_random import KeyedRandom
from gan.models.gan import GAN
from gan.models.phases import phase_at
from gan.nn.token_lstm import TokenLSTM
from gan.types import GeneratorPass, Terms

__all__ = ["SequenceGAN"]


class SequenceGAN(GAN):
    """GAN of sequences; in phases without the adversarial loss, the generator learns by maximum likelihood.

    Args:
        *arguments: See GAN.
        **settings: See GAN.
    """

    generator: TokenLSTM

    def sample_noise(self, rng: KeyedRandom) -> dict[str, Tensor]:
        """Draw the numbers that tokens are sampled by."""
        return self.generator.draw_noise(rng)

    def generator_only_terms(self, g_pass: GeneratorPass) -> Terms:
        """Return the terms that need no discriminator: before the game, the negative log-likelihood of the data."""
        terms = super().generator_only_terms(g_pass)
        if phase_at(self.phases, g_pass.step).is_adversarial:
            return terms
        return terms | {"nll": -self.generator.log_likelihoods(g_pass.batch.real.argmax(-1)).mean()}
