"""Loss of maximum likelihood for models of sequences."""

from torch import Tensor

from gan.losses.part import LossPart
from gan.types import Terms

__all__ = ["Likelihood"]


class Likelihood(LossPart):
    """Mean negative log-likelihood of the data, in nats per place of a sequence."""

    def forward(self, log_likelihoods: Tensor) -> tuple[Terms, Terms]:
        """Return the loss's only term, ``nll``, and no measures.

        Args:
            log_likelihoods: Log-probability of each token given those before it, with shape (B, T).
        """
        return {"nll": -log_likelihoods.mean()}, {}
