"""Base class of all GANs: the update loop, and the hooks that variants override."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from pytorch_lightning.core.optimizer import LightningOptimizer, do_nothing_closure
from torch import Tensor, nn

from gan.augment.base import Augment
from gan.errors import UserError
from gan.keyed_random import KeyedRandom, Stream
from gan.losses.objective import Objective
from gan.models.trainable import OptimizerFactory, Trainable
from gan.types import Batch, DiscriminatorOutput, DiscriminatorPass, GeneratorInput, RealOrFake, Terms

__all__ = ["GAN", "pack"]


class GAN(Trainable):
    """Generative adversarial network: two networks and an objective (Goodfellow et al., 2014, Algorithm 1).

    A training step updates the discriminator and, after every ``objective.critic_steps`` steps, the generator. Only
    the generator's updates count as ``trainer.global_step``.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        discriminator: Maps (images, labels) to a DiscriminatorOutput. Its attribute ``batch_independent`` may declare
            that an image's output does not depend on the rest of the batch; see ``_uses_joint_pass``.
        objective: Losses, regularisers and constraint of both players.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        packing: Images per pack, which the discriminator sees as the channels of one image (PacGAN; Lin et al., 2018);
            the discriminator must be built for the same number.
        augment: Augmentation of all images that the discriminator sees, real and fake; None for no augmentation.
        **settings: See Trainable.

    Raises:
        ValueError: If a number is out of range, or the objective is not one of a GAN.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        packing: int = 1,
        augment: Augment | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(generator, optimizer, **settings)
        if not isinstance(objective, Objective):
            raise ValueError(
                f"{type(self).__name__} needs an adversarial loss, not {type(objective).__name__}: choose another, "
                "as in loss=hinge"
            )
        if packing < 1:
            raise ValueError(f"packing must be at least 1, not {packing}")
        if packing > 1 and self.num_classes > 1:
            raise ValueError(f"packing={packing} does not fit a conditional model: a pack has no one class")
        self.discriminator = discriminator.to(memory_format=self.memory_format)
        self.objective = objective
        self.packing, self.augment = packing, augment

    # Hooks that variants may override --------------------------------------------------------------------------------

    def players(self) -> dict[str, list[nn.Module]]:
        """Return each player's networks: the discriminator's, then the generator's."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def draw_generator_input(self, batch: Batch, rng: KeyedRandom) -> GeneratorInput:
        """Draw the generator's input: one latent vector per real image, with that image's class."""
        return GeneratorInput(self.sample_latent(rng), batch.labels)

    def generate(self, inputs: GeneratorInput) -> Tensor:
        """Generate fake images, float32 with shape (B, C, H, W)."""
        return self.generator(inputs.z, inputs.labels).float()

    def discriminator_view(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        """Return images as the discriminator sees them: with instance noise, augmented and packed."""
        images = self.objective.add_instance_noise(images, self.batches_seen, rng)
        return pack(images if self.augment is None else self.augment(images, rng), self.packing)

    def discriminate(
        self,
        batch: Batch,
        fake: Tensor,
        rng: KeyedRandom,
        include_real: bool = True,
        double_backward: frozenset[RealOrFake] = frozenset(),
    ) -> DiscriminatorPass:
        """Run the discriminator on fake images and, optionally, on real ones.

        Args:
            batch: Real images.
            fake: Fake images, with the shape of the real ones.
            rng: Random numbers.
            include_real: Whether to run the discriminator on the real images.
            double_backward: Kinds of images with respect to which the output is differentiated twice.
        """
        labels = batch.labels if self.packing == 1 else None
        real, fake = self.discriminator_view(batch.images, rng), self.discriminator_view(fake, rng)
        real_output: DiscriminatorOutput | None = None
        if include_real and not double_backward and self._uses_joint_pass():
            real_output, fake_output = self._joint_pass(real, fake, labels)
        else:
            if include_real:
                real, real_output = self._separate_pass(real, labels, double_backward="real" in double_backward)
            fake, fake_output = self._separate_pass(fake, labels, double_backward="fake" in double_backward)
        return DiscriminatorPass(
            # penalties call forward, which is never compiled, since they differentiate it twice
            critic=partial(self._run_discriminator, self.discriminator.forward, labels=labels),
            real=real,
            fake=fake,
            real_output=real_output,
            fake_output=fake_output,
            rng=rng.packed(self.packing),
            double_backward=double_backward,
        )

    def discriminator_terms(self, batch: Batch, inputs: GeneratorInput, d_pass: DiscriminatorPass) -> Terms:
        """Return the named terms of the discriminator's loss."""
        return self.objective.discriminator_terms(d_pass, self.batches_seen)

    def generator_terms(self, batch: Batch, inputs: GeneratorInput, d_pass: DiscriminatorPass) -> Terms:
        """Return the named terms of the generator's loss."""
        return self.objective.generator_terms(d_pass)

    def measures(self, batch: Batch, inputs: GeneratorInput, d_pass: DiscriminatorPass) -> Terms:
        """Return measures to log with the discriminator's terms."""
        return self.objective.measures(d_pass)

    # The update loop -------------------------------------------------------------------------------------------------

    def training_step(self, batch: Batch, batch_idx: int) -> Terms:
        """Update the discriminator and, every ``critic_steps`` batches, the generator.

        Returns:
            All terms and measures, detached, as ``d/<name>`` and ``g/<name>``, and gradient norms if computed.
        """
        d_optimizer, g_optimizer = self.begin_batch()

        log = self.update("d", d_optimizer, batch, Stream.DISCRIMINATOR, self._discriminator_loss)
        log |= self._step_discriminator(d_optimizer)
        self.batches_seen += 1
        log |= self._adapt_augmentation(log["d/accuracy_real"], len(batch.images))

        if self.batches_seen % self.objective.critic_steps == 0:
            log |= self.update("g", g_optimizer, batch, Stream.GENERATOR, self._generator_loss)
            log |= self.step_generator(g_optimizer)
        return log

    def _discriminator_loss(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        self._check_pack_size(batch)
        inputs = self.draw_generator_input(batch, rng)
        with torch.no_grad():
            fake = self.generate(inputs)
        d_pass = self.discriminate(batch, fake, rng, double_backward=self._double_backward_kinds())
        return self.discriminator_terms(batch, inputs, d_pass), self.measures(batch, inputs, d_pass)

    def _generator_loss(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        inputs = self.draw_generator_input(batch, rng)
        fake = self.generate(inputs)
        d_pass = self.discriminate(batch, fake, rng, include_real=self.objective.adversarial.pairs_real)
        return self.generator_terms(batch, inputs, d_pass), {}

    def _step_discriminator(self, optimizer: LightningOptimizer) -> Terms:
        """Step the discriminator's optimiser, without counting it as a global step, and apply the constraint."""
        self.trainer.strategy.optimizer_step(optimizer.optimizer, do_nothing_closure)
        norm = self.gradient_norm_terms("d")
        self.objective.constrain(self.discriminator)
        return norm

    def _adapt_augmentation(self, accuracy_real: Tensor, batch_size: int) -> Terms:
        """Report a discriminator step to the augmentation, and return its measures."""
        if self.augment is None:
            return {}
        measures = self.augment.observe(accuracy_real, self.batches_seen, self.trainer.world_size * batch_size)
        return {f"d/{name}": value for name, value in measures.items()}

    # Passes of the discriminator -------------------------------------------------------------------------------------

    def _run_discriminator(
        self, network: Callable[..., DiscriminatorOutput], images: Tensor, labels: Tensor | None
    ) -> DiscriminatorOutput:
        logits, features = network(images, labels)
        return DiscriminatorOutput(logits.float(), features)

    def _joint_pass(
        self, real: Tensor, fake: Tensor, labels: Tensor | None
    ) -> tuple[DiscriminatorOutput, DiscriminatorOutput]:
        """Run the discriminator once on real and fake images together."""
        labels = None if labels is None else labels.repeat(2)
        logits, features = self._run_discriminator(self.discriminator, torch.cat([real, fake]), labels)
        real_output, fake_output = map(DiscriminatorOutput, logits.chunk(2), features.chunk(2))
        return real_output, fake_output

    def _separate_pass(
        self, images: Tensor, labels: Tensor | None, double_backward: bool
    ) -> tuple[Tensor, DiscriminatorOutput]:
        """Run the discriminator on images of one kind.

        Args:
            images: Real or fake images.
            labels: Their classes; None for packs.
            double_backward: Whether the output is differentiated twice with respect to the images. The images are then
                detached, and the pass is in float32.

        Returns:
            The images that the output is a function of, and the output.
        """
        if not double_backward:
            return images, self._run_discriminator(self.discriminator, images, labels)
        images = images.detach().requires_grad_()
        with torch.autocast(self.device.type, enabled=False):
            return images, self._run_discriminator(self.discriminator, images, labels)

    def _uses_joint_pass(self) -> bool:
        """Return whether to run real and fake images in one joint pass, which is faster than two.

        Batch statistics would mix the two kinds. Losses without labels leave a bias of the logits without a gradient;
        one joint pass would give it rounding noise instead of zero. Compiled networks would be compiled for both sizes.
        """
        independent = getattr(self.discriminator, "batch_independent", False)
        return independent and self.objective.adversarial.labelled and not self.compile_networks

    def _double_backward_kinds(self) -> frozenset[RealOrFake]:
        """Return the kinds of images with respect to which this step's penalties differentiate the output."""
        if self.compile_networks:  # compiled networks cannot be differentiated twice
            return frozenset()
        return self.objective.double_backward(self.batches_seen)

    def _check_pack_size(self, batch: Batch) -> None:
        if len(batch.images) % self.packing:
            raise UserError(
                f"data.batch_size: {len(batch.images)} images per device and part (model.accumulate={self.accumulate}) "
                f"cannot be divided evenly into packs of model.packing={self.packing}"
            )


def pack(images: Tensor, number: int) -> Tensor:
    """Stack each ``number`` images along the channels, (B, C, H, W) to (B / number, number * C, H, W)."""
    return images.unflatten(0, (-1, number)).flatten(1, 2) if number > 1 else images
