"""Base class of games whose images are generated from sentences, with a matching-aware discriminator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gan.bounds import Probability, Weight
from gan.distributed.group import gather_tensor, rank_and_world
from gan.errors import UserError
from gan.losses.matching import matching_loss
from gan.losses.objective import Objective
from gan.models.gan import GAN
from gan.models.trainable import OptimizerFactory
from gan.nn.matching_head import MatchingHead, MatchingOutput
from gan.types import Batch, Condition, DiscriminatorOutput, DiscriminatorPass, GeneratorPass, Terms

__all__ = ["MatchingPass", "TextToImage", "mismatched"]


@dataclass(frozen=True, kw_only=True)
class MatchingPass(DiscriminatorPass):
    """A pass of a discriminator of images and sentences.

    Attributes:
        mismatched_logits: Logits of the real images under other images' sentences, with shape (B,).
    """

    mismatched_logits: Tensor


class TextToImage(GAN):
    """GAN whose condition is a sentence, and whose discriminator also sees real images with wrong sentences.

    D takes a real image with its sentence for real, and takes both for fake: a generated image, and a real image with
    the sentence of another (Reed et al., 2016, Algorithm 1):

    .. math:: (1 - w) L_D(real, fake) + w L_D(real, mismatched)

    A wrong sentence is that of the next row of the batch of all ranks that has another one.

    Args:
        generator: Maps (z, labels, condition) to images in [-1, 1], with shape (B, C, H, W).
        discriminator: Maps (images, labels, condition) to a MatchingOutput, by a MatchingHead that is named ``head``.
        objective: Objective of both players.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        mismatched: Weight w of real images with wrong sentences; 0 leaves them out.
        matching: Weight of the matching of images and sentences by D's vectors: D learns it from real images, and G is
            trained by it on fakes. 0 leaves it out.
        **settings: See GAN.

    Raises:
        ValueError: If batches are accumulated from parts, whose wrong sentences would differ.
    """

    uses_condition = True

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        mismatched: Probability = 0.5,
        matching: Weight = 0.0,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        if self.accumulate > 1 and (mismatched or matching):
            raise ValueError(
                f"accumulate={self.accumulate} splits batches, but wrong sentences are those of whole ones: set "
                "accumulate to 1"
            )
        self.mismatched, self.matching = mismatched, matching

    def condition_of(self, batch: Batch) -> Condition | None:
        """Return a batch's sentences.

        Raises:
            UserError: If it has none.
        """
        condition = batch.condition
        if not isinstance(condition, Tensor) or condition.dim() != 2:
            raise UserError(
                f"{type(self).__name__} generates from sentences, and the data have none: use data=captions"
            )
        return condition

    def discriminator_passes(self, g_pass: GeneratorPass, **settings: Any) -> dict[str, DiscriminatorPass]:
        """Return the pass of the discriminator, with real images under wrong sentences in its own update."""
        return {"": self.with_wrong_sentences(self.discriminate(g_pass, **settings), self.discriminator)}

    def with_wrong_sentences(self, d_pass: DiscriminatorPass, discriminator: nn.Module) -> DiscriminatorPass:
        """Return a pass of D's own update with real images under wrong sentences, and any other as it is."""
        if not self.mismatched or d_pass.player != "discriminator" or d_pass.real_output is None:
            return d_pass
        condition, head = self.condition_of(d_pass.batch), discriminator.head
        assert isinstance(condition, Tensor)
        assert isinstance(head, MatchingHead)
        logits = head.logits(d_pass.real_output.features, mismatched(condition)).float()
        return MatchingPass(**vars(d_pass), mismatched_logits=logits)

    def discriminator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        terms = super().discriminator_terms(d_pass)
        assert d_pass.real_output is not None
        if self.matching:
            terms["matching"] = self.matching * self._matching(d_pass.real_output, d_pass)
        if not isinstance(d_pass, MatchingPass):
            return terms
        wrong = self.objective.adversarial.discriminator(d_pass.real_output.logits, d_pass.mismatched_logits)
        adversarial = (1 - self.mismatched) * terms["adversarial"]
        return terms | {"adversarial": adversarial, "mismatched": self.mismatched * wrong}

    def generator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        terms = super().generator_terms(d_pass)
        if self.matching:
            terms["matching"] = self.matching * self._matching(d_pass.fake_output, d_pass)
        return terms

    def _matching(self, output: DiscriminatorOutput, d_pass: DiscriminatorPass) -> Tensor:
        condition = self.condition_of(d_pass.batch)
        assert isinstance(output, MatchingOutput)
        assert isinstance(condition, Tensor)
        return matching_loss(output.image, output.sentence, condition)

    def measures(self, d_pass: DiscriminatorPass) -> Terms:
        measures = super().measures(d_pass)
        if not isinstance(d_pass, MatchingPass) or d_pass.real_output is None:
            return measures
        real, wrong = d_pass.real_output.logits.detach(), d_pass.mismatched_logits.detach()
        below = wrong < self.objective.adversarial.boundary(real, wrong)
        return measures | {"accuracy_mismatched": below.float().mean()}


@torch.no_grad()
def mismatched(condition: Tensor) -> Tensor:
    """Return another row's sentence for each row: that of the next row, of the batch of all ranks, with another one.

    Args:
        condition: This rank's sentences, with shape (B, ...).
    """
    rank, _ = rank_and_world()
    rows = gather_tensor(condition.contiguous())
    number, size = len(rows), len(condition)
    steps = torch.arange(1, number + 1, device=rows.device)  # the last one leads back to the row itself
    own = torch.arange(rank * size, (rank + 1) * size, device=rows.device)
    others = (own[:, None] + steps) % number
    differs = (rows[others] != condition[:, None]).flatten(2).any(2)
    differs[:, -1] = True
    return rows[others.gather(1, differs.int().argmax(1, keepdim=True))[:, 0]]
