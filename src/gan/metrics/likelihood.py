"""Likelihoods of sequences: of samples under the oracle, and of held-out rows under the generator."""

from typing import ClassVar

import torch
from torch import Tensor

from gan.distributed.group import rank_range
from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.sampled import SampleSource
from gan.metrics.statistics import GeneratorStatistic, Need, Statistics
from gan.nn.token_lstm import TokenLSTM

__all__ = ["HeldOutNLL", "OracleNLL"]


class OracleNLL(Measure):
    """Mean negative log-likelihood of samples under the oracle, in nats per token (Yu et al., 2017, Eq. 9).

    It measures quality alone: the oracle's own samples score its entropy, and samples of its likeliest sequences alone
    score better than that.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"oracle_nll": False}
    needs: ClassVar[frozenset[Need]] = frozenset({"sums"})
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False
    features: ClassVar[str | None] = "oracle"

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {"oracle_nll": float(fake.total[0]) / fake.count}


class HeldOutNLL(Measure):
    """Mean negative log-likelihood of held-out sequences under the generator, in nats per token.

    An end counts as a token, the places after it do not. It measures variety: a generator that has lost a part of the
    data scores worse.

    Args:
        batch_size: Sequences per forward pass.
    """

    higher_is_better: ClassVar[dict[str, bool]] = {"heldout_nll": False}
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False

    def __init__(self, batch_size: int = 256) -> None:
        self.batch_size = batch_size

    @property
    def needs(self) -> frozenset[Need]:
        """The likelihoods, under the generator itself."""
        return frozenset({GeneratorStatistic("heldout_nll", self._likelihoods)})

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        total, count = fake.tensors["heldout_nll"].double().sum(0)
        return {"heldout_nll": float(total / count)}

    @torch.no_grad()
    def _likelihoods(self, source: SampleSource) -> Tensor:
        """Return the negative log-likelihood and the number of tokens of this rank's held-out rows, with shape (N, 2).

        Raises:
            UserError: If the generator has no likelihood.
        """
        model, data, rows = source.model, source.data, [torch.empty(0, 2)]
        assert data is not None
        with model.inference_network(source.use_ema) as network:
            if not isinstance(network, TokenLSTM):
                raise UserError(
                    f"metric=heldout_nll needs a generator with a likelihood, and {type(model).__name__} has none"
                )
            for batch in data.batches("test", self.batch_size, rank_range(len(data.split("test")))):
                tokens = batch.real.to(model.device)
                nll, count = -network.log_likelihoods(tokens).sum(1), (~network.is_padding(tokens)).sum(1)
                rows.append(torch.stack([nll, count.float()], 1).cpu())
        return torch.cat(rows)
