"""Discriminator of the states of an encoder, each of which has a logit (Lample et al., 2018, Section 2.5)."""

from torch import Tensor, nn

from gan.bounds import Decay, Depth, Width
from gan.nn.initialization import LEAKY_SLOPE
from gan.types import DiscriminatorOutput

__all__ = ["StateDiscriminator"]


class StateDiscriminator(nn.Module):
    """Multilayer perceptron from states to logits.

    Args:
        inputs: Units H of a state; rounded up to an even number, as those of SentenceTranslator.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        input_dropout: Fraction of a state's entries that are dropped.

    Attributes:
        num_features: Length F of the output's features.
        batch_independent: Whether an output does not depend on the rest of the batch, nor on chance.
        takes_condition: It does not see what a state was made from.
    """

    takes_condition = False

    def __init__(self, inputs: Width, width: Width = 128, depth: Depth = 2, input_dropout: Decay = 0.1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for size in [inputs + inputs % 2] + [width] * (depth - 1):
            layers += [nn.Linear(size, width), nn.LeakyReLU(LEAKY_SLOPE)]
        self.hidden = nn.Sequential(nn.Dropout(input_dropout), *layers)
        self.head = nn.Linear(width, 1)
        self.num_features, self.batch_independent = width, input_dropout == 0

    def forward(self, states: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map states, with shape (B, T, H), to logits, with shape (B, T), and mean features."""
        features = self.hidden(states)
        return DiscriminatorOutput(self.head(features)[..., 0], features.mean(1))
