"""Objective: the losses, regularisers and settings that ``loss=...`` selects, as named terms for each player."""

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn

from gan.bounds import Depth, PositiveInt, Strength
from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import AdversarialLoss
from gan.losses.constraints import Constraint
from gan.losses.part import LossPart
from gan.losses.regularizers import Regularizer
from gan.losses.top_k import TopK
from gan.types import DiscriminatorPass, GeneratorPass, RealOrFake, Terms

__all__ = ["Objective"]


class Objective(nn.Module):
    """An adversarial loss with regularisers, a constraint, and the number of critic steps.

    Losses and regularisers are modules: their buffers are saved, resumed and moved with the networks.

    Args:
        adversarial: Losses of both players.
        regularizers: Named terms added to the discriminator's loss; entries that are None are skipped.
        generator_regularizers: Named terms added to the generator's loss; entries that are None are skipped.
        constraint: Applied to the discriminator after each of its steps.
        critic_steps: Discriminator steps per generator step (k in Goodfellow et al., 2014, Algorithm 1).
        critic_norm: Normalisation that the loss suits, for networks that adopt it. ``batch`` couples the images of a
            batch, so penalties on each image's gradient need ``layer``, ``instance`` or ``none`` (Gulrajani et al.,
            2017, Section 4).
        label_flip: Fraction of images with swapped labels in the discriminator's loss.
        instance_noise: Initial standard deviation of Gaussian noise on all images that D sees, real and fake, for
            images in [-1, 1] (Sønderby et al., 2017; Arjovsky and Bottou, 2017).
        instance_noise_steps: Discriminator steps over which the noise decays linearly to zero; None keeps it constant.
        top_k: Selection of the fakes that reach the generator's adversarial loss; None for all of them.

    Raises:
        ValueError: If labels are to be flipped in a loss without labels.
    """

    def __init__(
        self,
        adversarial: AdversarialLoss,
        regularizers: Mapping[str, Regularizer | None] | None = None,
        generator_regularizers: Mapping[str, Regularizer | None] | None = None,
        constraint: Constraint | None = None,
        critic_steps: Depth = 1,
        critic_norm: Literal["batch", "instance", "layer", "none"] = "batch",
        label_flip: Annotated[float, Ge(0), Lt(0.5)] = 0.0,
        instance_noise: Strength = 0.0,
        instance_noise_steps: PositiveInt | None = None,
        top_k: TopK | None = None,
    ) -> None:
        super().__init__()
        if label_flip and not adversarial.labelled:
            raise ValueError(f"label_flip has no meaning for {type(adversarial).__name__}, which has no labels")
        self.adversarial = adversarial
        self.regularizers = modules(regularizers)
        self.generator_regularizers = modules(generator_regularizers)
        self.constraint = constraint
        self.critic_steps = critic_steps
        self.critic_norm = critic_norm
        self.label_flip = label_flip
        self.instance_noise, self.instance_noise_steps = instance_noise, instance_noise_steps
        self.top_k = top_k

    def add_instance_noise(self, images: Tensor, step: int, rng: KeyedRandom) -> Tensor:
        """Return images with the noise of a discriminator step, with shape (B, C, H, W)."""
        std = self.instance_noise
        if self.instance_noise_steps is not None:
            std *= max(0.0, 1 - step / self.instance_noise_steps)
        return images + std * rng.normal(*images.shape[1:]) if std else images

    @property
    def couples_batch(self) -> bool:
        """Whether a term depends on a whole batch, so that a batch cannot be accumulated from parts."""
        return any(part.couples_batch for part in self.modules() if isinstance(part, LossPart))

    def discriminator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        """Return the terms of the discriminator's loss."""
        real, fake = _logits(d_pass)
        if self.label_flip:
            flip = d_pass.rng.uniform(*[1] * (real.dim() - 1)) < self.label_flip
            real, fake = torch.where(flip, fake, real), torch.where(flip, real, fake)
        terms = {"adversarial": self.adversarial.discriminator(real, fake)}
        return terms | {name: term(d_pass) for name, term in due(self.regularizers, d_pass.step)}

    def generator_terms(self, d_pass: DiscriminatorPass, whole_value: bool = False) -> Terms:
        """Return the terms of the generator's loss that need the discriminator.

        Args:
            d_pass: The pass of the discriminator.
            whole_value: Whether the value of a zero-sum game includes its part on real images, which does not depend on
                the generator unless the discriminator does.
        """
        uses_real = self.adversarial.pairs_real or whole_value
        fake, real = d_pass.fake_output.logits, d_pass.real_output.logits if uses_real and d_pass.real_output else None
        if self.top_k is not None:
            fake, real = self.top_k(fake, real, d_pass.step)
        terms = {"adversarial": self.adversarial.generator(fake, real)}
        needed = due(self.generator_regularizers, d_pass.step)
        return terms | {name: term(d_pass) for name, term in needed if term.needs_discriminator}

    def generator_only_terms(self, g_pass: GeneratorPass) -> Terms:
        """Return the terms of the generator's loss that need no discriminator."""
        needed = due(self.generator_regularizers, g_pass.step)
        return {name: term(g_pass) for name, term in needed if not term.needs_discriminator}

    def generator_needs_real(self, step: int) -> bool:
        """Return whether the generator's loss at one of its steps depends on the discriminator's real outputs."""
        regularizers = due(self.generator_regularizers, step)
        return self.adversarial.pairs_real or any(term.needs_real for _, term in regularizers)

    def double_backward(self, step: int) -> frozenset[RealOrFake]:
        """Return the kinds of images with respect to which a step's regularisers differentiate D's output."""
        return frozenset(term.wrt for _, term in due(self.regularizers, step) if term.wrt is not None)

    @torch.no_grad()
    def measures(self, d_pass: DiscriminatorPass) -> Terms:
        """Return D's accuracy on real and fake images, and the loss's own measures.

        At the optimum the accuracies are 1/2, V(D, G) is -log 4 and the divergences are 0 (Goodfellow et al., 2014,
        Theorem 1).
        """
        real, fake = _logits(d_pass)
        boundary = self.adversarial.boundary(real, fake)
        accuracies = {
            "accuracy_real": (real > boundary).float().mean(),
            "accuracy_fake": (fake < boundary).float().mean(),
        }
        return accuracies | self.adversarial.measures(real, fake)

    def constrain(self, discriminator: nn.Module) -> None:
        """Apply the constraint after a step of the discriminator."""
        if self.constraint is not None:
            self.constraint(discriminator)


def modules(terms: Mapping[str, Regularizer | None] | None) -> nn.ModuleDict:
    """Return the terms that are not None as a module."""
    return nn.ModuleDict({name: term for name, term in (terms or {}).items() if term is not None})


def due(terms: nn.ModuleDict, step: int) -> list[tuple[str, Regularizer]]:
    """Return the regularisers that are applied at a step, with their names."""
    return [(name, term) for name, term in terms.items() if isinstance(term, Regularizer) and term.is_due(step)]


def _logits(d_pass: DiscriminatorPass) -> tuple[Tensor, Tensor]:
    assert d_pass.real_output is not None, "the discriminator's step needs an output on real images"
    return d_pass.real_output.logits, d_pass.fake_output.logits
