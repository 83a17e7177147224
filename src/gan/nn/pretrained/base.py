"""Base class of frozen networks, and the distance of images in their features."""

from abc import abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from gan.errors import UserError

__all__ = ["FeatureMaps", "distance_of_maps", "feature_distances"]

EPSILON = 1e-10  # below the square of any feature that matters


class FeatureMaps(nn.Module):
    """Frozen network, in evaluation mode, that maps images to feature maps of several layers.

    Attributes:
        name: Name of the network, for protocols of measures.
        weights_digest: Hash of the weights.
    """

    name: str
    weights_digest: str

    def forward(self, images: Tensor) -> list[Tensor]:
        """Map images in [-1, 1], with shape (B, 1 or 3, H, W), to feature maps, each with shape (B, C, h, w).

        Grey images are repeated to three channels.

        Raises:
            UserError: If the images have other channels.
        """
        if images.shape[1] not in (1, 3):
            raise UserError(f"{self.name} takes grey or colour images, not {images.shape[1]} channels")
        return self.feature_maps(images.expand(-1, 3, -1, -1))

    @abstractmethod
    def feature_maps(self, images: Tensor) -> list[Tensor]:
        """Map colour images in [-1, 1], with shape (B, 3, H, W), to feature maps."""


def feature_distances(network: FeatureMaps, images: Tensor, targets: Tensor, normalize: bool = True) -> Tensor:
    """Return the distance of each image from its target in a network's features.

    Args:
        network: The network.
        images: Images in [-1, 1], with shape (B, 1 or 3, H, W).
        targets: Image that belongs to each; no gradient flows to it.
        normalize: See ``distance_of_maps``.

    Returns:
        Float32, with shape (B,).
    """
    with torch.no_grad():
        wanted = network(targets)
    return distance_of_maps(network(images), wanted, normalize)


def distance_of_maps(maps: Iterable[Tensor], targets: Iterable[Tensor], normalize: bool = True) -> Tensor:
    """Return the squared distance between feature maps, averaged over positions and over maps.

    Args:
        maps: Feature maps, each with shape (B, C, h, w).
        targets: Those that they are compared with.
        normalize: Whether the channels at each position are scaled to length one, and squared differences are summed
            over them: LPIPS without learned weights (Zhang et al., 2018, Eq. 1), from 0 to 4. Otherwise differences are
            averaged over channels (Johnson et al., 2016, Eq. 2).

    Returns:
        Float32, with shape (B,).
    """
    distances = []
    for map_, target in zip(maps, targets, strict=True):
        ours, theirs = (unit_length(x.float()) if normalize else x.float() for x in (map_, target))
        differences = (ours - theirs).square()
        distances.append((differences.sum(1) if normalize else differences.mean(1)).mean((1, 2)))
    return torch.stack(distances).mean(0)


def unit_length(features: Tensor) -> Tensor:
    """Scale the channels at each position to length one; where all are zero, they and their gradient stay finite."""
    return features / (features.square().sum(1, keepdim=True) + EPSILON).sqrt()
