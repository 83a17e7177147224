"""Latent spaces of a model: z, and StyleGAN2's W (Karras et al., 2019, Section 2)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor

from gan.errors import UserError
from gan.keyed_random import KeyedRandom, Stream
from gan.models.sampler import Sampler
from gan.models.stylegan2 import Generator, StyleGAN2, W
from gan.types import GeneratorInput

__all__ = ["LatentSpace", "SpaceName", "SpaceW", "SpaceZ", "open_space"]

SpaceName = Literal["z", "w"]
NUM_SAMPLES = 4096  # samples for principal components and standard deviations in W


class LatentSpace(ABC):
    """Space of vectors that images are made from.

    Args:
        model: The model.
        use_ema: Whether its images are made with the moving average of the weights, if there is one.
    """

    name: ClassVar[SpaceName]

    def __init__(self, model: Sampler, use_ema: bool = True) -> None:
        self.model, self.use_ema = model, use_ema

    @abstractmethod
    def vectors(self, inputs: GeneratorInput) -> Tensor:
        """Return the vector of each input, with shape (B, D)."""

    @abstractmethod
    def replace(self, inputs: GeneratorInput, vectors: Tensor) -> GeneratorInput:
        """Return inputs with other vectors, with shape (B, D), and the same noise, classes and conditions."""

    @abstractmethod
    def deviation(self, direction: Tensor) -> float:
        """Return the standard deviation of samples along a unit vector, with shape (D,)."""


class SpaceZ(LatentSpace):
    """Space Z, of the latent vectors that are drawn from a fixed distribution."""

    name = "z"

    def vectors(self, inputs: GeneratorInput) -> Tensor:
        assert inputs.z is not None
        return inputs.z

    def replace(self, inputs: GeneratorInput, vectors: Tensor) -> GeneratorInput:
        return inputs._replace(z=vectors)

    def deviation(self, direction: Tensor) -> float:
        return 1.0 if self.model.latent == "normal" else 3**-0.5


class SpaceW(LatentSpace):
    """Space W of a StyleGAN2, of the vectors that z is mapped to, and that the layers' styles are functions of.

    Args:
        model: The model.
        use_ema: Whether its images are made with the moving average of the weights, if there is one.
        layers: Layers whose vector is replaced; the others keep theirs (GANSpace; Härkönen et al., 2020, Section 2.2).
            None for all.

    Raises:
        UserError: If the model is no StyleGAN2, or has no such layers.
    """

    name = "w"
    model: StyleGAN2

    def __init__(self, model: Sampler, use_ema: bool = True, layers: range | None = None) -> None:
        if not isinstance(model, StyleGAN2):
            raise UserError(f"{type(model).__name__} has no space W: only runs of model=stylegan2 have it")
        super().__init__(model, use_ema)
        self.layers = range(model.num_layers) if layers is None else layers
        if not 0 <= self.layers.start < self.layers.stop <= model.num_layers:
            raise UserError(
                f"there are layers 0 to {model.num_layers - 1}, and no range {self.layers.start} to "
                f"{self.layers.stop - 1} of them"
            )

    def vectors(self, inputs: GeneratorInput) -> Tensor:
        assert inputs.z is not None
        return self._map(inputs.z, inputs.labels)

    def replace(self, inputs: GeneratorInput, vectors: Tensor) -> GeneratorInput:
        by_layer = vectors[:, None].expand(-1, self.model.num_layers, -1)
        if len(self.layers) < self.model.num_layers:
            layer = torch.arange(self.model.num_layers, device=vectors.device)
            chosen = (layer >= self.layers.start) & (layer < self.layers.stop)
            by_layer = torch.where(chosen[:, None], by_layer, self.vectors(inputs)[:, None])
        return inputs._replace(noise={**(inputs.noise or {}), W: by_layer})

    def deviation(self, direction: Tensor) -> float:
        return float((self.differences() @ direction).square().mean().sqrt())

    @torch.no_grad()
    def differences(self, num: int = NUM_SAMPLES, seed: int = 0) -> Tensor:
        """Return the differences of samples' vectors from the mean of their class, with shape (num, D)."""
        rng = KeyedRandom(seed, Stream.SAMPLES, total=num, device=self.model.device)
        labels = torch.arange(num, device=self.model.device) % self.model.num_classes
        w = self._map(self.model.sample_latent(rng), labels)
        for label in range(self.model.num_classes):
            w[labels == label] -= w[labels == label].mean(0)
        return w

    @torch.no_grad()
    def mean(self) -> Tensor:
        """Return the mean w that samples are truncated towards, with shape (D,)."""
        with self.model.inference_network(self.use_ema) as network:
            assert isinstance(network, Generator)
            return network.mapping.mean()

    def synthesize(self, noise: Mapping[str, Tensor]) -> Tensor:
        """Return images as they are in training, differentiably: they are not clamped, which would stop gradients.

        Args:
            noise: Noise by layer, and ``w``, with shape (B, layers, D).
        """
        with self.model.inference_network(self.use_ema) as network:
            assert isinstance(network, Generator)
            images: Tensor = network.synthesis(noise[W], noise)
        return images

    def affine_weights(self) -> Tensor:
        """Return the weights of the affine functions from w to the styles of the layers, with shape (styles, D)."""
        with self.model.inference_network(self.use_ema) as network:
            assert isinstance(network, Generator)
            styles = network.synthesis.affine_layers()
        return torch.cat([layer.scale * layer.weight for number, layer in styles if number in self.layers])

    def _map(self, z: Tensor, labels: Tensor | None) -> Tensor:
        with self.model.inference_network(self.use_ema) as network:
            assert isinstance(network, Generator)
            w: Tensor = network.mapping(z, labels)
        return w


def open_space(
    model: Sampler, use_ema: bool = True, name: SpaceName | None = None, layers: range | None = None
) -> LatentSpace:
    """Return a latent space of a model.

    Args:
        model: The model.
        use_ema: Whether its images are made with the moving average of the weights, if there is one.
        name: Name of the space; None for W where there is one, and Z otherwise.
        layers: See SpaceW.

    Raises:
        UserError: If there is no such space, or layers are named for Z.
    """
    if name == "w" or (name is None and isinstance(model, StyleGAN2)):
        return SpaceW(model, use_ema, layers)
    if layers is not None:
        raise UserError("a range of layers can only be chosen in space W, which runs of model=stylegan2 have")
    return SpaceZ(model, use_ema)
