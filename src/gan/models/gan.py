"""The game: D and G in turn, by manual optimisation. Variants override hooks, never the loop."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from pytorch_lightning.core.optimizer import do_nothing_closure
from torch import Tensor, nn

from gan.augment.base import Augment
from gan.errors import UserError
from gan.keyed_random import KeyedRandom, Stream
from gan.losses.objective import Objective
from gan.models.trainable import MakeOptimizer, Trainable
from gan.types import Batch, DiscriminatorOutput, DiscriminatorPass, GeneratorInput, RealOrFake, Terms

__all__ = ["GAN"]


class GAN(Trainable):
    """Two networks, an objective, and the loop that trains them (Goodfellow et al., 2014, Algorithm 1).

    A training step is one update of the discriminator and, after every ``objective.critic_steps`` of them, one of the
    generator. Only the generator's updates count as ``trainer.global_step``.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        discriminator: Maps (images, labels) to a DiscriminatorOutput. If its attribute ``batch_independent`` is true,
            an image's output does not depend on the rest of its batch, and losses with labels judge real and fake in
            one forward pass, which is faster. Other losses use two: they leave a bias of the logits without a
            gradient, and one pass over both would give it rounding noise instead of zero.
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

    def draw_generator_input(self, batch: Batch, rng: KeyedRandom) -> GeneratorInput:
        """Draw what a fake for each image of a batch is made of: noise, and the class of that image."""
        return GeneratorInput(self.sample_latent(rng), batch.labels)

    def generate(self, inputs: GeneratorInput) -> Tensor:
        """Generate fakes, with shape (B, C, H, W)."""
        return self.generator(inputs.z, inputs.labels).float()

    def discriminator_view(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        """Return images as the discriminator gets to see them: with noise, augmented, in packs."""
        images = self.objective.perturb(images, self.batches_seen, rng)
        return pack(images if self.augment is None else self.augment(images, rng), self.packing)

    def discriminate(
        self,
        batch: Batch,
        fake: Tensor,
        rng: KeyedRandom,
        include_real: bool = True,
        double_backward: frozenset[RealOrFake] = frozenset(),
    ) -> DiscriminatorPass:
        """Let the discriminator judge fake and, where asked for, real images; packs of them are images to it.

        Args:
            batch: Real images.
            fake: As many fakes, with shape (B, C, H, W).
            rng: Random numbers.
            include_real: Whether there is a verdict on real images too.
            double_backward: The images by which the output is differentiated twice; their pass is in float32.
        """
        labels = batch.labels if self.packing == 1 else None

        def judge(
            images: Tensor, network: Callable[..., DiscriminatorOutput] = self.discriminator, times: int = 1
        ) -> DiscriminatorOutput:
            logits, features = network(images, labels if labels is None else labels.repeat(times))
            return DiscriminatorOutput(logits.float(), features)

        def judged(images: Tensor, kind: RealOrFake) -> tuple[Tensor, DiscriminatorOutput]:
            if kind not in double_backward:
                return images, judge(images)
            images = images.detach().requires_grad_()
            with torch.autocast(self.device.type, enabled=False):
                return images, judge(images)

        real, fake = self.discriminator_view(batch.images, rng), self.discriminator_view(fake, rng)
        real_output: DiscriminatorOutput | None
        if include_real and not double_backward and self._uses_joint_pass():
            logits, features = judge(torch.cat([real, fake]), times=2)
            real_output, fake_output = map(DiscriminatorOutput, logits.chunk(2), features.chunk(2))
        else:
            real, real_output = judged(real, "real") if include_real else (real, None)
            fake, fake_output = judged(fake, "fake")
        critic = partial(judge, network=self.discriminator.forward)  # not compiled: penalties differentiate it twice
        return DiscriminatorPass(
            critic, real, fake, real_output, fake_output, rng.packed(self.packing), double_backward
        )

    def discriminator_terms(self, batch: Batch, inputs: GeneratorInput, d_pass: DiscriminatorPass) -> Terms:
        """Return the named terms that the discriminator minimises."""
        return self.objective.discriminator_terms(d_pass, self.batches_seen)

    def generator_terms(self, batch: Batch, inputs: GeneratorInput, d_pass: DiscriminatorPass) -> Terms:
        """Return the named terms that the generator minimises."""
        return self.objective.generator_terms(d_pass)

    def measures(self, batch: Batch, inputs: GeneratorInput, d_pass: DiscriminatorPass) -> Terms:
        """Return what is logged beside the discriminator's terms."""
        return self.objective.measures(d_pass)

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

    def _discriminator_loss(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        self._check_packs(batch)
        inputs = self.draw_generator_input(batch, rng)
        with torch.no_grad():
            fake = self.generate(inputs)
        double_backward = (
            self.objective.double_backward(self.batches_seen) if not self.compile_networks else frozenset()
        )
        d_pass = self.discriminate(batch, fake, rng, double_backward=double_backward)
        return self.discriminator_terms(batch, inputs, d_pass), self.measures(batch, inputs, d_pass)

    def _generator_loss(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        inputs = self.draw_generator_input(batch, rng)
        fake = self.generate(inputs)
        d_pass = self.discriminate(batch, fake, rng, include_real=self.objective.adversarial.pairs_real)
        return self.generator_terms(batch, inputs, d_pass), {}

    def _uses_joint_pass(self) -> bool:
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
