"""GAN of sequences with a straight-through Gumbel-softmax (Kusner and Hernández-Lobato, 2016; Jang et al., 2017)."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import PositiveInt, Temperature
from gan.keyed_random import KeyedRandom
from gan.losses.objective import Objective
from gan.models.sequence_gan import SequenceGAN
from gan.models.trainable import OptimizerFactory
from gan.nn.token_lstm import END, FREE, TokenLSTM
from gan.types import Batch, GeneratorInput

__all__ = ["Generator", "GumbelGAN"]


class Generator(TokenLSTM):
    """Recurrent network whose samples, which are one-hot, have the gradient of a softmax.

    A token is the maximum of its logits plus Gumbel noise, which is a sample of their softmax. The gradient is that of
    a softmax of the same sum, divided by the temperature of the relaxation (Jang et al., 2017, Section 2.2).
    """

    def draw_noise(self, rng: KeyedRandom) -> dict[str, Tensor]:
        """Draw Gumbel noise for each token, with shape (B, T, V)."""
        uniform = rng.uniform(self.length, self.vocabulary_size).clamp(min=torch.finfo(torch.float32).tiny)
        return {"gumbel": -(-uniform.log()).clamp(min=torch.finfo(torch.float32).tiny).log()}

    def forward(
        self,
        z: Tensor | None,
        labels: Tensor | None = None,
        condition: Tensor | None = None,
        noise: dict[str, Tensor] | None = None,
    ) -> Tensor:
        """Sample sequences as one-hot vectors, float32 with shape (B, T, V).

        Args:
            z: Not used; None.
            labels: Not used.
            condition: The prefix; see ``sample_tokens``.
            noise: ``gumbel``, and ``relaxation``, the temperature of the gradient, with shape (B,), without which there
                is no gradient.
        """
        assert noise is not None
        gumbel, relaxation = noise["gumbel"], noise.get("relaxation")
        outputs, inputs, state = list[Tensor](), self.start.expand(len(gumbel), 1, -1), None
        ended = torch.zeros(len(gumbel), 1, dtype=torch.bool, device=gumbel.device)
        end = F.one_hot(torch.tensor(END, device=gumbel.device), self.vocabulary_size).float()
        for place in range(self.length):
            hidden, state = self.recurrence(inputs, state)
            token = straight_through(self.logits(hidden[:, 0]) + gumbel[:, place], relaxation)
            if condition is not None:
                given = condition[:, place, None]
                token = torch.where(given == FREE, token, F.one_hot(given[:, 0].clamp(min=0), self.vocabulary_size))
            if self.ends:
                token = torch.where(ended, end, token)
                ended = ended | (token[:, END, None] > 0.5)
            outputs.append(token)
            inputs = (token @ self.embedding.weight)[:, None]
        return torch.stack(outputs, 1)


def straight_through(scores: Tensor, relaxation: Tensor | None) -> Tensor:
    """Return the one-hot vector of the largest score, with the gradient of a softmax of scores over a temperature.

    Args:
        scores: With shape (B, V).
        relaxation: The temperature, with shape (B,); None for no gradient.
    """
    hard = F.one_hot(scores.argmax(-1), scores.shape[-1]).to(scores.dtype)
    if relaxation is None:
        return hard
    soft = (scores / relaxation[:, None]).softmax(-1)
    return hard + (soft - soft.detach())  # exactly one-hot: rounding would break ties of a maximum over time


class GumbelGAN(SequenceGAN):
    r"""GAN of sequences whose generator learns through D's gradient, by a relaxation that sharpens over the run.

    .. math:: \tau_n = \tau_0 (\tau_N / \tau_0)^{n / N}

    is the temperature after n updates of the generator, an exponential decay as in RelGAN (Nie et al., 2019, Section
    2.3), from the first update on.

    Args:
        generator: The generator.
        discriminator: Maps one-hot vectors to a DiscriminatorOutput.
        objective: Losses and regularisers of both players.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        relaxation: First temperature τ_0 of the relaxation.
        final_relaxation: Last temperature τ_N.
        relaxation_steps: Updates N until the last temperature.
        **settings: See GAN.
    """

    generator: Generator

    def __init__(
        self,
        generator: Generator,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        relaxation: Temperature = 1.0,
        final_relaxation: Temperature = 0.1,
        relaxation_steps: PositiveInt = 2000,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        self.relaxation, self.final_relaxation = relaxation, final_relaxation
        self.relaxation_steps = relaxation_steps

    def relaxation_at(self, step: int) -> float:
        """Return the temperature of the relaxation after ``step`` updates of the generator."""
        share = min(1.0, step / self.relaxation_steps)
        return self.relaxation * (self.final_relaxation / self.relaxation) ** share

    def draw_generator_input(self, batch: Batch, rng: KeyedRandom) -> GeneratorInput:
        """Draw the noise of a batch's tokens, with the temperature of the relaxation."""
        inputs = super().draw_generator_input(batch, rng)
        relaxation = torch.full((batch.size,), self.relaxation_at(self.global_step), device=self.device)
        return inputs._replace(noise={**(inputs.noise or {}), "relaxation": relaxation})
