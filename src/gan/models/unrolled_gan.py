"""Unrolled GAN: G's loss looks several steps of D ahead (Metz et al., 2017)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _NormBase

from gan.bounds import Positive
from gan.losses.objective import Objective
from gan.models.gan import GAN
from gan.models.trainable import OptimizerFactory
from gan.types import DiscriminatorOutput, DiscriminatorPass, Terms

__all__ = ["UnrolledGAN"]


class UnrolledGAN(GAN):
    r"""GAN in which the generator differentiates through k future steps of the discriminator.

    From the current parameters θ, k steps of gradient descent on D's own loss, regularisers included, are taken on the
    current batch (Eqs. 6 and 7). G's loss uses the resulting discriminator (Eq. 9):

    .. math::
        θ^0 = θ, \quad θ^{j+1} = θ^j - η ∇_θ L_D(θ^j, G), \quad f_k(G) = L_G(θ^k(G), G)

    G descends the total derivative of f_k, both terms of Eq. 12: through its fakes, and through the steps, which depend
    on the fakes. In a zero-sum game (minimax, Wasserstein) f_k is the whole value, whose real part depends on the steps
    too. D's own update is the usual one (Eq. 11): unrolling changes neither its parameters nor its buffers.

    The steps are plain gradient descent, as in Eq. 7. The authors unroll Adam; its state is not part of the game, and
    its derivative is unbounded where a gradient has been zero. The steps are computed in float32, since they are
    differentiated twice, and without the objective's constraint, which modifies weights in place. As in batch norm,
    each rank and each part of ``accumulate`` uses its own images.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        discriminator: Maps (images, labels) to a DiscriminatorOutput.
        objective: Objective of both players.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        unroll_steps: Number k of steps; 0 gives a plain GAN.
        unroll_lr: Learning rate η of the steps; with strong penalties, large rates diverge.
        **settings: See GAN.

    Raises:
        ValueError: If the discriminator's norm does not support the penalties.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        unroll_steps: Annotated[int, Ge(0), Le(1000)] = 5,
        unroll_lr: Positive = 0.01,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        norms = [module for module in discriminator.modules() if isinstance(module, _NormBase)]
        if unroll_steps and objective.regularizers and norms:
            raise ValueError(
                f"unrolling differentiates penalties three times, which torch's {type(norms[0]).__name__} does not "
                "support: use another norm in the discriminator (loss.critic_norm=layer or none)"
            )
        self.unroll_steps, self.unroll_lr = unroll_steps, unroll_lr

    def generator_terms(self, d_pass: DiscriminatorPass) -> Terms:
        if self.unroll_steps == 0:
            return super().generator_terms(d_pass)
        with torch.autocast(d_pass.real.device.type, enabled=False):
            return self.objective.generator_terms(self._unroll(d_pass), whole_value=True)

    def _unroll(self, d_pass: DiscriminatorPass) -> DiscriminatorPass:
        """Return the pass of the discriminator after its next steps, as a differentiable function of the fakes."""
        caller = _CriticCaller(self.discriminator)
        weights = {name: weight.detach().requires_grad_() for name, weight in caller.named_parameters()}
        buffers = {name: buffer.clone() for name, buffer in caller.named_buffers()}  # forward passes update some

        def pass_with(weights: dict[str, Tensor]) -> DiscriminatorPass:
            def critic(images: Tensor) -> DiscriminatorOutput:
                return functional_call(caller, weights | buffers, (d_pass.critic, images))

            return replace(d_pass, critic=critic, real_output=critic(d_pass.real), fake_output=critic(d_pass.fake))

        for step in range(self.unroll_steps):
            next_pass = replace(pass_with(weights), step=self.batches_seen + step, measures={})
            terms = self.objective.discriminator_terms(next_pass)
            loss = torch.stack(list(terms.values())).sum()
            # materialize_grads: some weights, such as a classifier's, may not affect the loss
            gradients = torch.autograd.grad(loss, list(weights.values()), create_graph=True, materialize_grads=True)
            named = zip(weights.items(), gradients, strict=True)
            weights = {name: weight - self.unroll_lr * gradient for (name, weight), gradient in named}
        return pass_with(weights)


class _CriticCaller(nn.Module):
    """Calls a critic that uses the discriminator, so that ``functional_call`` can replace the discriminator's weights.

    Args:
        discriminator: Owner of the weights.
    """

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        self.discriminator = discriminator

    def forward(self, critic: Callable[[Tensor], DiscriminatorOutput], images: Tensor) -> DiscriminatorOutput:
        return critic(images)
