"""Unrolled GAN: G plays against the D of some steps later, and sees how D gets there (Metz et al., 2017)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _NormBase

from gan.losses.objective import Objective
from gan.models.gan import GAN
from gan.models.trainable import OptimizerFactory
from gan.types import Batch, DiscriminatorOutput, DiscriminatorPass, GeneratorInput, Terms

__all__ = ["UnrolledGAN"]


class UnrolledGAN(GAN):
    r"""Any two networks, where G descends a loss that D has k steps left to answer.

    D's parameters θ are followed from where they are along k steps of gradient descent on D's own loss, regularisers
    included, on the batch at hand (Eqs. 6 and 7); G's loss is that of the D at their end (Eq. 9):

    .. math::
        θ^0 = θ, \quad θ^{j+1} = θ^j - η ∇_θ L_D(θ^j, G), \quad f_k(G) = L_G(θ^k(G), G)

    G descends the total derivative of f_k, both terms of Eq. 12: through its fakes, and through the steps, each of
    which the fakes had a part in. D is updated as ever (Eq. 11): the steps leave it, and its buffers, as they are.

    The steps are those of Eq. 7, not of D's optimiser: the authors unroll Adam, whose state is no part of the game, and
    whose derivative is unbounded where a gradient has been zero. They are taken in float32, as all that is
    differentiated twice, and without the objective's constraint, which acts on weights in place. Each rank, and each
    part of ``accumulate``, looks ahead on its own images, as batch norm does.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        discriminator: Maps (images, labels) to a DiscriminatorOutput.
        objective: What the players minimise.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        unroll_steps: k, the steps that G looks ahead; 0 is the plain game.
        unroll_lr: η, the learning rate of these steps; where penalties are strong, descent soon overshoots without end.
        **settings: As GAN takes them.

    Raises:
        ValueError: If a number is out of its range, or the discriminator's norm and the penalties do not go together.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        unroll_steps: int = 5,
        unroll_lr: float = 0.01,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        if unroll_steps < 0 or unroll_lr <= 0:
            raise ValueError(f"unroll_steps must be at least 0 and unroll_lr above 0, not {unroll_steps}, {unroll_lr}")
        norms = [module for module in discriminator.modules() if isinstance(module, _NormBase)]
        if unroll_steps and objective.regularizers and norms:
            raise ValueError(
                "penalties that G looks ahead through are differentiated three times, which torch's "
                f"{type(norms[0]).__name__} is not: give the discriminator another (loss.critic_norm=layer or none)"
            )
        self.unroll_steps, self.unroll_lr = unroll_steps, unroll_lr

    def generator_terms(self, batch: Batch, inputs: GeneratorInput, d_pass: DiscriminatorPass) -> Terms:
        if self.unroll_steps == 0:
            return super().generator_terms(batch, inputs, d_pass)
        with torch.autocast(d_pass.real.device.type, enabled=False):
            return super().generator_terms(batch, inputs, self._ahead(d_pass))

    def _ahead(self, d_pass: DiscriminatorPass) -> DiscriminatorPass:
        """Return the d_pass that the discriminator would give after its next steps."""
        user = _User(self.discriminator)
        weights = {name: weight.detach().requires_grad_() for name, weight in user.named_parameters()}
        buffers = {name: buffer.clone() for name, buffer in user.named_buffers()}  # each pass updates some

        def pass_with(weights: dict[str, Tensor], include_real: bool = True) -> DiscriminatorPass:
            def judge(images: Tensor) -> DiscriminatorOutput:
                return functional_call(user, weights | buffers, (d_pass.critic, images))

            real_output = judge(d_pass.real) if include_real else None
            return replace(d_pass, critic=judge, real_output=real_output, fake_output=judge(d_pass.fake))

        for step in range(self.unroll_steps):
            terms = self.objective.discriminator_terms(pass_with(weights), self.batches_seen + step)
            loss = torch.stack(list(terms.values())).sum()
            # Not all weights need be part of a verdict: a classifier's are not.
            slopes = torch.autograd.grad(loss, list(weights.values()), create_graph=True, materialize_grads=True)
            named = zip(weights.items(), slopes, strict=True)
            weights = {name: weight - self.unroll_lr * slope for (name, weight), slope in named}
        return pass_with(weights, include_real=d_pass.real_output is not None)


class _User(nn.Module):
    """What uses a discriminator, by a function that knows the labels and all else, for others to change its weights."""

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, critic: Callable[[Tensor], DiscriminatorOutput], images: Tensor) -> DiscriminatorOutput:
        return critic(images)
