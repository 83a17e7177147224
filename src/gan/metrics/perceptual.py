"""Perceptual distances of each generated image to its target: LPIPS, and distances in features of other networks."""

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from pickle import UnpicklingError
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torchmetrics.functional.image.lpips import _LPIPS  # the public class returns no distance of each pair

from gan.digest import digest
from gan.errors import UserError
from gan.images import from_uint8
from gan.metrics.measure import Measure
from gan.metrics.statistics import Need, PairStatistic, Statistics
from gan.nn.pretrained.base import FeatureMaps, feature_distances

__all__ = ["LPIPS", "FeatureDistance", "NetworkDistance"]

MIN_IMAGE_SIZE = 32  # from which no feature map of LPIPS' backbones is empty


class NetworkDistance(Measure):
    """Mean distance of each image to its target in a frozen network, which is loaded on first use."""

    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the score."""

    @abstractmethod
    def distances(self, images: Tensor, targets: Tensor) -> Tensor:
        """Return the distance of each image, in [-1, 1] with shape (B, 1 or 3, H, W), float32 with shape (B,)."""

    @property
    def higher_is_better(self) -> dict[str, bool]:
        """Name of the score: lower is better."""
        return {self.name: False}

    @property
    def needs(self) -> frozenset[Need]:
        """Statistics of the generated images that it uses."""
        return frozenset({PairStatistic(self.name, self._compare)})

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {self.name: float(fake.tensors[self.name].double().mean())}

    def _compare(self, images: Tensor, targets: Tensor) -> Tensor:
        return self.distances(from_uint8(images), from_uint8(targets))


class FeatureDistance(NetworkDistance):
    """Distance in the feature maps of a network, which the score names; see ``gan.nn.pretrained.base``.

    It is LPIPS without learned weights (Zhang et al., 2018, Eq. 1), of a network that may be another. Judge a model
    that was trained by a perceptual loss in other features than those of its loss.

    Args:
        network: Constructor of the network.
    """

    def __init__(self, network: Callable[[], FeatureMaps]) -> None:
        self.make_network = network

    @cached_property
    def network(self) -> FeatureMaps:
        """The network."""
        return self.make_network().requires_grad_(False)

    @property
    def name(self) -> str:
        return f"feature_distance_{self.network.name}"

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol, with a hash of the weights."""
        return {"network": self.network.name, "weights": self.network.weights_digest}

    def distances(self, images: Tensor, targets: Tensor) -> Tensor:
        return feature_distances(self.network.to(images.device), images, targets)


class LPIPS(NetworkDistance):
    """Learned perceptual image patch similarity (Zhang et al., 2018), by torchmetrics.

    Grey images are repeated to three channels. Images are not resized.

    Args:
        net: Backbone: AlexNet, VGG16 or SqueezeNet, with torchvision's ImageNet weights.
        weights: Local file of the backbone's weights; None downloads them once to torch's cache.
    """

    name = "lpips"

    def __init__(self, net: Literal["alex", "vgg", "squeeze"] = "alex", weights: str | None = None) -> None:
        self.net, self.weights = net, weights

    @cached_property
    def network(self) -> nn.Module:
        """Backbone and learned weights.

        Raises:
            UserError: If the backbone's weights can neither be read nor downloaded.
        """
        try:
            network = _LPIPS(net=self.net, pnet_rand=self.weights is not None).requires_grad_(False)
            if self.weights is not None:
                load_backbone(network.net, self.weights)
        except (OSError, EOFError, KeyError, RuntimeError, TypeError, UnpicklingError) as error:
            reason = " ".join(str(error).split())[:150]
            raise UserError(
                f"metric=lpips has no weights of its backbone ({reason}): set metric.measures.lpips.weights=FILE to "
                f"those of torchvision for net={self.net}, or use metric=feature_distance"
            ) from error
        return network

    @property
    def settings(self) -> dict[str, Any]:
        """Settings for the protocol, with a hash of all weights."""
        return {"net": self.net, "weights": digest(self.network.state_dict().values())[:16]}

    def distances(self, images: Tensor, targets: Tensor) -> Tensor:
        if min(images.shape[2:]) < MIN_IMAGE_SIZE:
            raise UserError(f"metric=lpips needs images of {MIN_IMAGE_SIZE} pixels or more")
        rgb = (x.expand(-1, 3, -1, -1) for x in (images, targets))
        distances: Tensor = self.network.to(images.device)(*rgb)
        return distances.flatten()


def load_backbone(backbone: nn.Module, path: str) -> None:
    """Load weights in torchvision's form, ``features.<layer>.weight``, into slices of those layers."""
    saved = torch.load(path, weights_only=True, map_location="cpu")
    names = [name for name, _ in backbone.named_parameters()]  # slice1.<layer>.weight, or slices.0.<layer>.weight
    layers = {name: "features." + name.removeprefix("slices.").partition(".")[2] for name in names}
    backbone.load_state_dict({name: saved[layer] for name, layer in layers.items()})
