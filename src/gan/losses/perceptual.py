"""Perceptual regulariser: distance from the target in the features of a frozen network."""

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor

from gan.bounds import PositiveInt, Weight
from gan.losses.regularizers import Regularizer
from gan.nn.pretrained.base import FeatureMaps, feature_distances
from gan.schedules.base import Schedule
from gan.types import GeneratorPass

__all__ = ["Perceptual"]


class Perceptual(Regularizer):
    """Squared distance from the real row of each condition in a network's features (Johnson et al., 2016, Eq. 2).

    SRGAN's content loss is this one with features of VGG19 (Ledig et al., 2017, Eq. 5). A score in the same features
    favours what was trained on them: judge by those of another network.

    The network is frozen and in evaluation mode. It is loaded when training starts, so that sampling does not need it,
    follows the model from device to device, and is neither saved nor counted among the model's parameters.

    Args:
        network: Constructor of the network.
        weight: Factor of the distance.
        normalize: Whether features are compared as in LPIPS; see ``feature_distances``.
        every: Generator updates per application.
        schedule: Factor of the weight as a function of generator updates.
    """

    needs_discriminator = False
    in_float32 = False  # the network runs in the precision of training, the distance in float32

    def __init__(
        self,
        network: Callable[[], FeatureMaps],
        weight: Weight = 1.0,
        normalize: bool = True,
        every: PositiveInt = 1,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(weight, every, schedule)
        self.make_network, self.normalize = network, normalize
        self._loaded: tuple[FeatureMaps, ...] = ()  # in a tuple, modules are not registered

    def prepare(self, device: torch.device) -> None:
        self._network(device)

    def penalty(self, g_pass: GeneratorPass) -> Tensor:
        images, target = g_pass.generated.images, g_pass.batch.real
        return feature_distances(self._network(images.device), images, target, self.normalize).mean()

    def _network(self, device: torch.device) -> FeatureMaps:
        if not self._loaded:
            self._loaded = (self.make_network().to(device),)
        return self._loaded[0]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        for network in self._loaded:
            network._apply(fn, recurse)
        return super()._apply(fn, recurse)
