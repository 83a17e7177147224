"""MUSE: translation of words without parallel data, by an adversarial map of word vectors (Conneau et al., 2018)."""

from collections.abc import Mapping
from typing import Any

from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from gan.bounds import Decay
from gan.errors import UserError
from gan.losses.objective import Objective
from gan.models.gan import GAN
from gan.models.sampler import Sampler
from gan.models.trainable import OptimizerFactory
from gan.nn.linear_map import LinearMap, orthogonalize
from gan.types import Terms

__all__ = ["MUSE", "linear_map_of"]


class MUSE(GAN):
    """Game of a linear map of source vectors against a discriminator that tells them from target vectors.

    The map is moved towards the orthogonal ones after each of its updates. Its refinement in closed form comes after
    training: see ``gan.nn.procrustes.refine``.

    Args:
        generator: The map W.
        discriminator: Maps vectors, with shape (B, D), to a DiscriminatorOutput.
        objective: Losses and regularisers of both players.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        orthogonality: β of the step towards the orthogonal maps (Eq. 7).
        **settings: See GAN.
    """

    uses_condition = True
    generator: LinearMap

    def __init__(
        self,
        generator: LinearMap,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, OptimizerFactory],
        orthogonality: Decay = 0.01,
        **settings: Any,
    ) -> None:
        super().__init__(generator, discriminator, objective, optimizer, **settings)
        self.orthogonality = orthogonality

    def step_generator(self, optimizer: LightningOptimizer) -> Terms:
        """Step the generator's optimiser, and move the map towards the orthogonal ones."""
        measures = super().step_generator(optimizer)
        orthogonalize(self.generator.weight, self.orthogonality)
        return measures


def linear_map_of(model: Sampler, use_ema: bool = True) -> Tensor:
    """Return a copy of a model's matrix W on the CPU, with shape (D, D).

    Raises:
        UserError: If it has none.
    """
    with model.inference_network(use_ema) as network:
        if not isinstance(network, LinearMap):
            raise UserError(f"{type(model).__name__} has no linear map of word vectors, as model=muse has")
        return network.weight.detach().float().cpu().clone()
