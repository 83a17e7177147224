"""The game: D and G in turn, by manual optimisation. Variants override hooks, never the loop."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from pytorch_lightning.core.optimizer import do_nothing_closure
from torch import Tensor, nn

from gan.augment.base import Augment
from gan.errors import UserError
from gan.keyed_random import Draws, Stream
from gan.losses.objective import Objective
from gan.models.trainable import MakeOptimizer, Trainable
from gan.types import Batch, Critique, Kind, Latent, Terms, Verdict

__all__ = ["GAN"]


class GAN(Trainable):
    """Two networks, an objective, and the loop that trains them (Goodfellow et al., 2014, Algorithm 1).

    A training step is one update of the discriminator and, after every ``objective.critic_steps`` of them, one of the
    generator. Only the generator's updates count as ``trainer.global_step``.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        discriminator: Maps (images, labels) to a Verdict. Where it has a true ``batch_independent``, an image's verdict
            does not depend on what else is in its batch, and a loss with labels has real and fake judged in one pass,
            which is faster. Other losses leave a bias of the logits without a gradient, which summed over both in one
            pass would be rounding's, not zero.
        objective: What the players minimise.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        packing: Images that the discriminator judges together, as channels of one (PacGAN; Lin et al., 2018); the
            discriminator must be built for as many.
        augment: Changes of what the discriminator sees, real and fake; None for none.
        **settings: As Trainable takes them.

    Raises:
        ValueError: If a number is out of its range, or the objective is of another kind of model.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, MakeOptimizer],
        packing: int = 1,
        augment: Augment | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(generator, optimizer, **settings)
        if not isinstance(objective, Objective):
            kind = type(objective).__name__
            raise ValueError(
                f"{type(self).__name__} plays a game, which {kind} is not: choose another, as in loss=hinge"
            )
        if packing < 1:
            raise ValueError(f"packing must be at least 1, not {packing}")
        if packing > 1 and self.num_classes > 1:
            raise ValueError(f"packing={packing} has no meaning for a conditional model: a pack has no one class")
        self.discriminator = discriminator.to(memory_format=self.layout)
        self.objective = objective
        self.packing, self.augment = packing, augment

    # The hooks that a variant may override ---------------------------------------------------------------------------

    def players(self) -> dict[str, list[nn.Module]]:
        """Return the networks that each player's optimiser updates: the discriminator's, then the generator's."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def draw_latent(self, batch: Batch, draws: Draws) -> Latent:
        """Draw what a fake for each image of a batch is made of: noise, and the class of that image."""
        return Latent(self.sample_latent(draws), batch.labels)

    def generate(self, latent: Latent) -> Tensor:
        """Generate fakes, with shape (B, C, H, W)."""
        return self.generator(latent.z, latent.labels).float()

    def shown(self, images: Tensor, draws: Draws) -> Tensor:
        """Return images as the discriminator gets to see them: with noise, augmented, in packs."""
        images = self.objective.perturb(images, self.batches_seen, draws)
        return pack(images if self.augment is None else self.augment(images, draws), self.packing)

    def critique(
        self, batch: Batch, fake: Tensor, draws: Draws, judge_real: bool = True, twice: frozenset[Kind] = frozenset()
    ) -> Critique:
        """Let the discriminator judge fake and, where asked for, real images; packs of them are images to it.

        Args:
            batch: Real images.
            fake: As many fakes, with shape (B, C, H, W).
            draws: Random numbers.
            judge_real: Whether there is a verdict on real images too.
            twice: The images that the verdict on is to be differentiated by, and the gradient once more: in float32.
        """
        labels = batch.labels if self.packing == 1 else None

        def judge(images: Tensor, network: Callable[..., Verdict] = self.discriminator, times: int = 1) -> Verdict:
            logits, features = network(images, labels if labels is None else labels.repeat(times))
            return Verdict(logits.float(), features)

        def judged(images: Tensor, kind: Kind) -> tuple[Tensor, Verdict]:
            if kind not in twice:
                return images, judge(images)
            images = images.detach().requires_grad_()
            with torch.autocast(self.device.type, enabled=False):
                return images, judge(images)

        real, fake = self.shown(batch.images, draws), self.shown(fake, draws)
        on_real: Verdict | None
        if judge_real and not twice and self._judges_at_once():
            logits, features = judge(torch.cat([real, fake]), times=2)
            on_real, on_fake = map(Verdict, logits.chunk(2), features.chunk(2))
        else:
            real, on_real = judged(real, "real") if judge_real else (real, None)
            fake, on_fake = judged(fake, "fake")
        critic = partial(judge, network=self.discriminator.forward)  # not compiled: penalties differentiate it twice
        return Critique(critic, real, fake, on_real, on_fake, draws.packed(self.packing), twice)

    def discriminator_terms(self, batch: Batch, latent: Latent, critique: Critique) -> Terms:
        """Return the named terms that the discriminator minimises."""
        return self.objective.discriminator_terms(critique, self.batches_seen)

    def generator_terms(self, batch: Batch, latent: Latent, critique: Critique) -> Terms:
        """Return the named terms that the generator minimises."""
        return self.objective.generator_terms(critique)

    def measures(self, batch: Batch, latent: Latent, critique: Critique) -> Terms:
        """Return what is logged beside the discriminator's terms."""
        return self.objective.measures(critique)

    # The loop --------------------------------------------------------------------------------------------------------

    def training_step(self, batch: Batch, batch_idx: int) -> Terms:
        """Update the discriminator and, when its turn has come, the generator.

        Returns:
            Every term and measure, detached, as ``d/<name>`` and ``g/<name>``; gradients' norms where they were taken.
        """
        discriminator, generator = self.begin_batch()

        log = self.update("d", discriminator, batch, Stream.DISCRIMINATOR, self._discriminator_loss)
        self.trainer.strategy.optimizer_step(discriminator.optimizer, do_nothing_closure)  # not a global step
        log |= self.norm_of("d")
        self.objective.constrain(self.discriminator)
        self.batches_seen += 1
        if self.augment is not None:
            images = self.trainer.world_size * len(batch.images)
            measures = self.augment.observe(log["d/accuracy_real"], self.batches_seen, images)
            log |= {f"d/{name}": value for name, value in measures.items()}

        if self.batches_seen % self.objective.critic_steps == 0:
            log |= self.update("g", generator, batch, Stream.GENERATOR, self._generator_loss)
            log |= self.step_generator(generator)  # the step that Lightning counts
        return log

    def _discriminator_loss(self, batch: Batch, draws: Draws) -> tuple[Terms, Terms]:
        self._check_packs(batch)
        latent = self.draw_latent(batch, draws)
        with torch.no_grad():
            fake = self.generate(latent)
        twice = self.objective.twice(self.batches_seen) if not self.compile_networks else frozenset()
        critique = self.critique(batch, fake, draws, twice=twice)
        return self.discriminator_terms(batch, latent, critique), self.measures(batch, latent, critique)

    def _generator_loss(self, batch: Batch, draws: Draws) -> tuple[Terms, Terms]:
        latent = self.draw_latent(batch, draws)
        fake = self.generate(latent)
        critique = self.critique(batch, fake, draws, judge_real=self.objective.adversarial.pairs_real)
        return self.generator_terms(batch, latent, critique), {}

    def _judges_at_once(self) -> bool:
        independent = getattr(self.discriminator, "batch_independent", False)
        return independent and self.objective.adversarial.labelled and not self.compile_networks  # each size anew

    def _check_packs(self, batch: Batch) -> None:
        if len(batch.images) % self.packing:
            raise UserError(
                f"data.batch_size: parts of {len(batch.images)} images a device (model.accumulate={self.accumulate}) "
                f"cannot be shared evenly by packs of model.packing={self.packing}"
            )


def pack(images: Tensor, number: int) -> Tensor:
    """Join each ``number`` images to one, (B, C, H, W) to (B / number, number * C, H, W)."""
    return images.unflatten(0, (-1, number)).flatten(1, 2) if number > 1 else images
