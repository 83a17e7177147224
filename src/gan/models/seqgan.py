"""SeqGAN: a generator of sequences trained by policy gradient, with D as the reward (Yu et al., 2017)."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from gan.bounds import BatchSize, Count, Decay, Positive
from gan.keyed_random import KeyedRandom
from gan.losses.objective import Objective
from gan.losses.policy_gradient import Baseline, advantages, policy_gradient_loss
from gan.models.sampler import eval_mode
from gan.models.sequence_gan import SequenceGAN
from gan.models.trainable import OptimizerFactory
from gan.nn.moving_average import MovingAverage
from gan.nn.token_lstm import FREE, TokenLSTM
from gan.types import DiscriminatorPass, GeneratorInput, GeneratorOutput, Terms

__all__ = ["Reward", "SeqGAN"]

Reward = Literal["logit", "probability"]


class SeqGAN(SequenceGAN):
    """GAN of sequences whose generator maximises the expected reward, D's output on whole sequences.

    The value of a sequence's first tokens is the mean reward of rollouts: completions by a copy of the generator that
    follows it (Sections 3.1 and 3.2). The losses of ``loss=...`` train D; of G's they define none.

    Args:
        generator: The policy.
        discriminator: Maps sequences, as one-hot vectors or indices, to a DiscriminatorOutput.
        objective: Losses and regularisers of D.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        rollouts: Completions of each beginning of a sequence.
        rollout_decay: Weight of the earlier copy at each update of the generator.
        reward: ``logit`` of D, or its ``probability`` of real, as in the paper.
        reward_bound: Largest absolute value of a reward that is a logit.
        baseline: What is subtracted from the values; see ``advantages``.
        chunk: Largest number of completions that are held in memory at once.
        **settings: See GAN.
    """

    def __init__(
        self,
        generator: TokenLSTM,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        rollouts: Count = 16,
        rollout_decay: Decay = 0.8,
        reward: Reward = "logit",
        reward_bound: Positive = 4.0,
        baseline: Baseline = "previous",
        chunk: BatchSize = 16_384,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        self.rollout = MovingAverage(generator, rollout_decay)
        self.rollouts, self.reward_kind, self.reward_bound = rollouts, reward, reward_bound
        self.baseline, self.chunk = baseline, chunk

    @torch.no_grad()
    def generate(self, inputs: GeneratorInput) -> GeneratorOutput:
        """Sample sequences, which have no gradient."""
        return super().generate(inputs)

    def generator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        """Return the policy gradient's loss for the sequences of a pass."""
        tokens = d_pass.generated.images.argmax(-1)
        values = self.values(tokens, d_pass.rng)
        d_pass.measures["reward"] = values[:, -1].mean()
        log_likelihoods = self.generator.log_likelihoods(tokens)
        return {"policy": policy_gradient_loss(log_likelihoods, advantages(values, self.baseline))}

    def step_generator(self, optimizer: LightningOptimizer) -> Terms:
        """Step the generator's optimiser, and let the copy follow."""
        measures = super().step_generator(optimizer)
        self.rollout.update(self.generator, self.global_step)
        return measures

    @torch.no_grad()
    def values(self, tokens: Tensor, rng: KeyedRandom) -> Tensor:
        """Estimate the expected reward of sequences given their first 0, 1, ..., T tokens.

        Args:
            tokens: Whole sequences, int64 with shape (B, T).
            rng: Random numbers of the rollouts.

        Returns:
            Values, with shape (B, T + 1). The last is the reward of the sequence itself.
        """
        size, length = tokens.shape
        uniform = rng.uniform(self.rollouts, length, length)  # (B, rollouts, number of first tokens, T)
        places = torch.arange(length, device=tokens.device)
        given = torch.where(places < places[:, None], tokens[:, None, None], FREE).expand_as(uniform)
        parts = zip(uniform.flatten(0, 2).split(self.chunk), given.flatten(0, 2).split(self.chunk), strict=True)
        with eval_mode(self.rollout.network) as policy, eval_mode(self.discriminator):
            assert isinstance(policy, TokenLSTM)
            rewards = [self.reward(policy.sample_tokens(numbers, prefix)) for numbers, prefix in parts]
            completed = torch.cat(rewards).view(size, self.rollouts, length).mean(1)
            return torch.cat([completed, self.reward(tokens)[:, None]], 1)

    def reward(self, tokens: Tensor) -> Tensor:
        """Return the reward of whole sequences, int64 with shape (B, T), with shape (B,)."""
        logits = self.discriminator(tokens).logits.float()
        if self.reward_kind == "probability":
            return logits.sigmoid()
        return logits.clamp(-self.reward_bound, self.reward_bound)
