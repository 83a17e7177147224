"""Base class of all GANs: the update loop, and the hooks that variants override."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from pytorch_lightning.core.optimizer import LightningOptimizer, do_nothing_closure
from torch import Tensor, nn

from gan.augment.base import Augment
from gan.bounds import Packing
from gan.errors import UserError
from gan.keyed_random import KeyedRandom, Stream
from gan.losses.objective import Objective
from gan.losses.part import tell_parts
from gan.models.discrimination import joint_pass, pack, prefixed, run_discriminator, separate_pass, shares_pass
from gan.models.phases import Phase, phase_at
from gan.models.replay import Replay
from gan.models.trainable import OptimizerFactory, Trainable
from gan.types import (
    Batch,
    Condition,
    DiscriminatorOutput,
    DiscriminatorPass,
    GeneratorInput,
    GeneratorOutput,
    GeneratorPass,
    Player,
    RealOrFake,
    Terms,
)

__all__ = ["GAN"]


class GAN(Trainable):
    """Generative adversarial network: two networks and an objective (Goodfellow et al., 2014, Algorithm 1).

    A training step updates the discriminator and, after every ``objective.critic_steps`` steps, the generator. Only
    the generator's updates count as ``trainer.global_step``.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W); see ``Sampler.run_generator``.
        discriminator: Maps (images, labels), and ``condition=...`` if ``uses_condition``, to a DiscriminatorOutput. Its
            attribute ``batch_independent`` may declare that an image's output does not depend on the rest of the batch,
            ``energy_based`` that minus the logits are energies, which some losses need, and ``takes_condition = False``
            that it does not see the condition.
        objective: Losses, regularisers and constraint of both players.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        packing: Images per pack, which the discriminator sees as the channels of one image (PacGAN; Lin et al., 2018);
            the discriminator must be built for the same number.
        augment: Augmentation of all images that the discriminator sees, real and fake; None for no augmentation.
        replay: Pool of earlier fakes, some of which the discriminator sees in place of new ones; None for no pool.
        phases: Phases before the game, such as a pretraining of the generator alone.
        **settings: See Trainable.

    Raises:
        ValueError: If the objective is not one of a GAN, or settings do not fit together.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        packing: Packing = 1,
        augment: Augment | None = None,
        replay: Replay | None = None,
        phases: Sequence[Phase] = (),
        **settings: Any,
    ) -> None:
        super().__init__(generator, optimizer, **settings)
        if not isinstance(objective, Objective):
            raise ValueError(
                f"{type(self).__name__} needs an adversarial loss, not {type(objective).__name__}: choose another, "
                "as in loss=hinge"
            )
        if objective.adversarial.energy_based and not getattr(discriminator, "energy_based", False):
            raise ValueError(
                f"{type(objective.adversarial).__name__} needs a discriminator that is an autoencoder, as in "
                "model=began, or another loss"
            )
        if packing > 1 and (self.num_classes > 1 or self.uses_condition):
            raise ValueError(f"packing={packing} does not fit a conditional model: a pack has no one class")
        if replay is not None and (self.num_classes > 1 or self._sees_condition(discriminator)):
            raise ValueError("replay does not fit a conditional discriminator: an earlier fake has another class")
        if self.accumulate > 1 and objective.couples_batch:
            raise ValueError(
                f"accumulate={self.accumulate} splits batches, but the loss depends on whole ones: set accumulate to 1"
            )
        self.discriminator = discriminator.to(memory_format=self.memory_format)
        self.objective = objective
        self.packing, self.augment, self.replay, self.phases = packing, augment, replay, tuple(phases)

    # Hooks that variants may override --------------------------------------------------------------------------------

    def players(self) -> dict[str, list[nn.Module]]:
        """Return each player's networks: the discriminator's, then the generator's."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def generate(self, inputs: GeneratorInput) -> GeneratorOutput:
        """Generate fake images, float32 with shape (B, C, H, W)."""
        return self.run_generator(self.generator, inputs)

    def discriminator_view(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        """Return images as the discriminator sees them: with instance noise, augmented and packed."""
        images = self.objective.add_instance_noise(images, self.batches_seen, rng)
        return pack(images if self.augment is None else self.augment(images, rng), self.packing)

    def pair_view(
        self, real: Tensor, fake: Tensor, condition: Tensor, rng: KeyedRandom
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return real images, fake images and conditions that are images as the discriminator sees them.

        All three are augmented alike, so that a pair stays one.
        """
        real, fake = (self.objective.add_instance_noise(x, self.batches_seen, rng) for x in (real, fake))
        if self.augment is not None:
            real, fake, condition = (self.augment(x, rng.clone()) for x in (real, fake, condition))
        return real, fake, condition

    def discriminator_passes(self, g_pass: GeneratorPass, **settings: Any) -> dict[str, DiscriminatorPass]:
        """Return the passes of the discriminator that a loss is the sum over, by the prefix of their terms' names.

        By default there is one, without a prefix. A game with several discriminators, or with mismatched examples,
        calls ``discriminate`` once for each.

        Args:
            g_pass: The pass of the generator.
            **settings: Arguments of ``discriminate`` that the update sets.
        """
        return {"": self.discriminate(g_pass, **settings)}

    def discriminate(
        self,
        g_pass: GeneratorPass,
        include_real: bool = True,
        double_backward: frozenset[RealOrFake] = frozenset(),
        discriminator: nn.Module | None = None,
        replay: Replay | None = None,
    ) -> DiscriminatorPass:
        """Run a discriminator on fake images and, optionally, on real ones.

        Args:
            g_pass: The pass of the generator, with the real rows. Its random numbers augment the images.
            include_real: Whether to run the discriminator on the real images.
            double_backward: Kinds of images with respect to which the output is differentiated twice.
            discriminator: The network; None for ``self.discriminator``.
            replay: Pool of its earlier fakes; None for ``self.replay``.
        """
        network, rng = discriminator or self.discriminator, g_pass.rng
        real, fake, condition = self._views(g_pass, network, replay or self.replay)
        labels = g_pass.batch.labels if self.packing == 1 else None
        run = partial(run_discriminator, labels=labels, condition=condition)
        real_output: DiscriminatorOutput | None = None
        if include_real and not double_backward and shares_pass(network, self.objective, self.compile_networks):
            real_output, fake_output = joint_pass(network, real, fake, labels, condition)
        else:
            if include_real:
                real, real_output = separate_pass(partial(run, network), real, "real" in double_backward)
            fake, fake_output = separate_pass(partial(run, network), fake, "fake" in double_backward)
        return DiscriminatorPass(
            **vars(g_pass) | {"rng": rng.packed(self.packing)},
            # penalties call forward, which is never compiled, since they differentiate it twice
            critic=partial(run, network.forward),
            real=real,
            fake=fake,
            real_output=real_output,
            fake_output=fake_output,
            double_backward=double_backward,
        )

    def discriminator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        """Return the named terms of the discriminator's loss."""
        return self.objective.discriminator_terms(d_pass)

    def generator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        """Return the named terms of the generator's loss."""
        return self.objective.generator_terms(d_pass)

    def generator_only_terms(self, g_pass: GeneratorPass) -> Terms:
        """Return the named terms of the generator's loss that need no discriminator."""
        return self.objective.generator_only_terms(g_pass)

    def measures(self, d_pass: DiscriminatorPass) -> Terms:
        """Return measures to log with the discriminator's terms."""
        return self.objective.measures(d_pass)

    # The update loop -------------------------------------------------------------------------------------------------

    def training_step(self, batch: Batch, batch_idx: int) -> Terms:
        """Update the discriminator and, every ``critic_steps`` batches, the generator.

        Returns:
            All terms and measures, detached, as ``d/<name>`` and ``g/<name>``, and gradient norms if computed.
        """
        d_optimizer, g_optimizer = self.begin_batch()
        phase = phase_at(self.phases, self.global_step)

        log: Terms = {}
        if phase.discriminator:
            log |= self.update("discriminator", d_optimizer, batch, Stream.DISCRIMINATOR, self.discriminator_loss)
            log |= self._step_discriminator(d_optimizer, batch, log)
        self.batches_seen += 1

        if not phase.discriminator or self.batches_seen % self.objective.critic_steps == 0:
            loss = self.generator_loss if phase.is_adversarial else self._generator_only_loss
            log |= self.update("generator", g_optimizer, batch, Stream.GENERATOR, loss)
            log |= self.step_generator(g_optimizer)
            tell_parts(self.objective, "generator", log)
        return log

    def discriminator_loss(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return the terms of the discriminator's loss of a batch, and measures to log with them."""
        with torch.no_grad():
            g_pass = self.generator_pass("discriminator", batch, rng)
        passes = self.discriminator_passes(g_pass, double_backward=self._double_backward_kinds())
        terms = prefixed(passes, self.discriminator_terms)
        return terms, prefixed(passes, self.measures) | g_pass.measures

    def generator_loss(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return the terms of the generator's loss of a batch, and measures to log with them."""
        g_pass = self.generator_pass("generator", batch, rng)
        passes = self.discriminator_passes(g_pass, include_real=self.objective.generator_needs_real(g_pass.step))
        terms = prefixed(passes, self.generator_terms)
        return terms | self.generator_only_terms(g_pass), g_pass.measures

    def _generator_only_loss(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        g_pass = self.generator_pass("generator", batch, rng)
        if not (terms := self.generator_only_terms(g_pass)):
            raise UserError(
                "model.phases: a phase without a discriminator needs a generator regulariser that needs none, as in "
                "'loss/generator_regularizers=[l1]'"
            )
        return terms, g_pass.measures

    def generator_pass(self, player: Player, batch: Batch, rng: KeyedRandom) -> GeneratorPass:
        """Draw the generator's input for a batch, and run the generator."""
        inputs = self.draw_generator_input(batch, rng)
        return GeneratorPass(
            player=player,
            step=self.batches_seen if player == "discriminator" else self.global_step,
            batch=batch,
            inputs=inputs,
            generated=self.generate(inputs),
            generator=self.generator,
            generate=partial(self.run_generator, self.generator.forward),  # never compiled, as penalties need it
            redraw=partial(self.draw_generator_input, batch, rng),
            rng=rng,
        )

    def _step_discriminator(self, optimizer: LightningOptimizer, batch: Batch, log: Terms) -> Terms:
        """Step the discriminator's optimiser, without counting it as a global step, and apply the constraint.

        Args:
            optimizer: The discriminator's optimiser.
            batch: The batch of the step.
            log: Terms and measures of the step.

        Returns:
            Further measures.
        """
        self.trainer.strategy.optimizer_step(optimizer.optimizer, do_nothing_closure)
        measures = self.gradient_norm_terms("discriminator")
        for network in self.players()["discriminator"]:
            self.objective.constrain(network)
        tell_parts(self.objective, "discriminator", log)
        for replay in self.children():
            if isinstance(replay, Replay):
                replay.after_step()
        if self.augment is not None:
            accuracies = [value for name, value in log.items() if name.endswith("accuracy_real")]
            images = self.trainer.world_size * batch.size
            observed = self.augment.observe(torch.stack(accuracies).mean(), self.batches_seen + 1, images)
            measures |= {f"d/{name}": value for name, value in observed.items()}
        return measures

    def _sees_condition(self, network: nn.Module) -> bool:
        """Return whether a discriminator takes the condition."""
        return self.uses_condition and getattr(network, "takes_condition", True)

    def _views(
        self, g_pass: GeneratorPass, network: nn.Module, replay: Replay | None
    ) -> tuple[Tensor, Tensor, Condition | None]:
        """Return real images, fake images and the condition as a discriminator sees them."""
        real, rng, fake = g_pass.batch.real, g_pass.rng, g_pass.generated.images
        if replay is not None and g_pass.player == "discriminator":
            fake = replay(fake, rng)
        condition = self.condition_of(g_pass.batch) if self._sees_condition(network) else None
        if isinstance(condition, Tensor) and condition.dim() == real.dim():
            return self.pair_view(real, fake, condition, rng)
        return self.discriminator_view(real, rng), self.discriminator_view(fake, rng), condition

    def _double_backward_kinds(self) -> frozenset[RealOrFake]:
        """Return the kinds of images with respect to which this step's penalties differentiate the output."""
        if self.compile_networks:  # compiled networks cannot be differentiated twice
            return frozenset()
        return self.objective.double_backward(self.batches_seen)
