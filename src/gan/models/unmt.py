"""UNMT: translation of sentences without pairs (Lample et al., 2018)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from gan.bounds import Decay, NonNegative, Weight
from gan.keyed_random import KeyedRandom
from gan.losses.objective import Objective
from gan.models.gan import GAN
from gan.models.phases import phase_at
from gan.models.trainable import OptimizerFactory
from gan.nn.sentence_noise import corrupt
from gan.nn.sentence_translator import SOURCE, TARGET, ReversedTranslator, SentenceTranslator
from gan.types import Batch, DiscriminatorPass, GeneratorInput, GeneratorOutput, GeneratorPass, Terms

__all__ = ["UNMT"]


class UNMT(GAN):
    """Translator that learns from lines of two languages without pairs, in three ways (Sections 2.3 to 2.5).

    It restores noisy lines of both languages; it translates its own noisy translations back; and D, which tells the
    languages from the encoder's states, is to take those of source lines for those of target lines. In phases without
    the adversarial loss, the translations that it translates back are word by word.

    Args:
        generator: The translator.
        discriminator: Maps states, with shape (B, T, H), to a DiscriminatorOutput.
        objective: Losses and regularisers of both players.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        word_drop: Probability that noise leaves out a word.
        shuffle: Places by less than which noise moves a word.
        denoising: Weight of the loss of restored lines.
        back_translation: Weight of the loss of lines that are translated back.
        adversarial: Weight of the adversarial loss of the encoder.
        **settings: See GAN.
    """

    uses_condition = True
    generator: SentenceTranslator

    def __init__(
        self,
        generator: SentenceTranslator,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        word_drop: Decay = 0.1,
        shuffle: NonNegative = 3.0,
        denoising: Weight = 1.0,
        back_translation: Weight = 1.0,
        adversarial: Weight = 1.0,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        self.word_drop, self.shuffle = word_drop, shuffle
        self.denoising, self.back_translation, self.adversarial = denoising, back_translation, adversarial

    def reversed_network(self, network: nn.Module) -> nn.Module:
        """Return the translator from the target to the source language; see Sampler."""
        assert isinstance(network, SentenceTranslator)
        return ReversedTranslator(network)

    @torch.no_grad()
    def generate(self, inputs: GeneratorInput) -> GeneratorOutput:
        """Translate source lines, without a gradient."""
        return super().generate(inputs)

    def discriminate(self, g_pass: GeneratorPass, *arguments: Any, **settings: Any) -> DiscriminatorPass:
        """Run D on the encoder's states, those of target lines as the real ones, and those of source lines as fakes."""
        source, target = lines_of(g_pass.batch)
        with torch.set_grad_enabled(torch.is_grad_enabled() and g_pass.player == "generator"):
            real, fake = self.generator.latent(target, TARGET), self.generator.latent(source, SOURCE)
        states = replace(g_pass, batch=g_pass.batch._replace(real=real), generated=GeneratorOutput(fake))
        return super().discriminate(states, *arguments, **settings)

    def generator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        """Return the adversarial terms of the encoder."""
        return {name: self.adversarial * value for name, value in super().generator_terms(d_pass).items()}

    def generator_only_terms(self, g_pass: GeneratorPass) -> Terms:
        """Return the losses of restored lines and of lines that are translated back, in both languages."""
        (source, target), rng, network = lines_of(g_pass.batch), g_pass.rng, self.generator
        if phase_at(self.phases, g_pass.step).is_adversarial:
            to_target, to_source = g_pass.generated.images.argmax(-1), network.translate(target, TARGET)
        else:
            to_target, to_source = network.word_by_word(source, SOURCE), network.word_by_word(target, TARGET)
        losses = {
            "denoising_source": network.losses(self._noisy(source, rng), SOURCE, source, SOURCE),
            "denoising_target": network.losses(self._noisy(target, rng), TARGET, target, TARGET),
            "back_source": network.losses(self._noisy(to_target, rng), TARGET, source, SOURCE),
            "back_target": network.losses(self._noisy(to_source, rng), SOURCE, target, TARGET),
        }
        weights = {"denoising": self.denoising, "back": self.back_translation}
        own = {name: weights[name.partition("_")[0]] * loss.mean() for name, loss in losses.items()}
        return super().generator_only_terms(g_pass) | own

    def _noisy(self, tokens: Tensor, rng: KeyedRandom) -> Tensor:
        return corrupt(tokens, rng, self.word_drop, self.shuffle)


def lines_of(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the tokens of a batch's source lines and target lines, int64 with shape (B, T)."""
    assert isinstance(batch.condition, Tensor)
    return batch.condition, batch.real.argmax(-1)
