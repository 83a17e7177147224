"""Translator with the projection heads of patch-wise contrastive learning (Park et al., 2020, Section 3)."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from gan.bounds import Width
from gan.nn.initialization import glorot
from gan.nn.residual_translator import ResidualTranslator
from gan.types import GeneratorOutput

__all__ = ["ContrastiveTranslator"]


class ContrastiveTranslator(nn.Module):
    """Translator whose first half also encodes images: features of some layers, and a projection head for each.

    The layers are those of the authors: the pixels, both strided convolutions, the first residual block and the middle
    one. The features of a source image come with its translation, at no further cost.

    Args:
        network: The translator.
        head_width: Units of both layers of a head.
    """

    def __init__(self, network: ResidualTranslator, head_width: Width = 256) -> None:
        super().__init__()
        self.network = network
        self.depths = network.encoder_depths
        self.heads = nn.ModuleList(head(channels, head_width) for channels in network.encoder_channels)

    @property
    def divisor(self) -> int:
        """Divisor of the heights and widths that the network takes."""
        return self.network.divisor

    @property
    def source_shape(self) -> tuple[int, ...]:
        """(C, H, W) of the source images in training."""
        return self.network.source_shape

    def forward(self, z: Tensor | None, labels: Tensor | None, condition: Tensor) -> GeneratorOutput:
        """Map source images, with shape (B, C, H, W), to target images; the extras are the features of the source."""
        x, features = condition, {}
        for depth, x in enumerate(self.network.activations(condition)):
            if depth in self.depths:
                features[f"features_{depth}"] = x
        return GeneratorOutput(x, extras=features)

    def encode(self, images: Tensor) -> list[Tensor]:
        """Return the features of images, each with shape (B, C, h, w); the second half of the network does not run."""
        activations = zip(range(self.depths[-1] + 1), self.network.activations(images), strict=False)
        return [x for depth, x in activations if depth in self.depths]

    def project(self, features: Sequence[Tensor], positions: Sequence[Tensor]) -> list[Tensor]:
        """Return unit vectors of patches.

        Args:
            features: Features of each layer, with shape (B, C, h, w).
            positions: Places in each, int64 below h * w, with shape (B, P).

        Returns:
            Vectors of each layer, with shape (B, P, head_width).
        """
        return [
            nn.functional.normalize(head(patches(x, places)), dim=2)
            for head, x, places in zip(self.heads, features, positions, strict=True)
        ]


def patches(features: Tensor, positions: Tensor) -> Tensor:
    """Select places of features: (B, C, h, w) and (B, P) to (B, P, C)."""
    rows = features.permute(0, 2, 3, 1).flatten(1, 2)  # a view of features in the channels-last format
    return rows.gather(1, positions[:, :, None].expand(-1, -1, rows.shape[2]))


def head(channels: int, width: int) -> nn.Sequential:
    """Build a perceptron of two layers.

    The authors' initial weights are 50 times smaller. Before a division by the norm, these give first gradients of
    1e5, which Adam's second moments remember for thousands of updates.
    """
    first, last = (glorot(nn.Linear(*sizes)) for sizes in pairwise([channels, width, width]))
    return nn.Sequential(first, nn.ReLU(), last)
