"""Discriminator of vectors: a multilayer perceptron with dropout of its input (Conneau et al., 2018, Section 3)."""

from math import sqrt

from torch import Tensor, nn

from gan.bounds import Decay, Depth, Width
from gan.nn.initialization import LEAKY_SLOPE
from gan.types import DiscriminatorOutput

__all__ = ["VectorDiscriminator"]


class VectorDiscriminator(nn.Module):
    """Multilayer perceptron from vectors of unit length, whose entries it scales to a variance of one, to logits.

    Args:
        dimension: Length D of the vectors.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        input_dropout: Fraction of a vector's entries that are dropped.

    Attributes:
        num_features: Length F of the output's features.
        batch_independent: Whether an output does not depend on the rest of the batch, nor on chance.
        takes_condition: It does not see what a vector was mapped from.
    """

    takes_condition = False

    def __init__(self, dimension: Width, width: Width = 128, depth: Depth = 2, input_dropout: Decay = 0.1) -> None:
        super().__init__()
        self.scale = sqrt(dimension)
        layers: list[nn.Module] = []
        for inputs in [dimension] + [width] * (depth - 1):
            layers += [nn.Linear(inputs, width), nn.LeakyReLU(LEAKY_SLOPE)]
        self.hidden = nn.Sequential(nn.Dropout(input_dropout), *layers)
        self.head = nn.Linear(width, 1)
        self.num_features, self.batch_independent = width, input_dropout == 0

    def forward(self, vectors: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map vectors, with shape (B, D), to logits and features."""
        features = self.hidden(self.scale * vectors)
        return DiscriminatorOutput(self.head(features).flatten(), features)
