"""Likelihoods of sequences: of samples under the oracle, and of held-out rows under the generator."""

from typing import ClassVar

import torch

from gan.data.module import DataModule
from gan.distributed.group import rank_range, sum_over_ranks
from gan.errors import UserError
from gan.metrics.measure import Measure
from gan.metrics.sampled import SampleSource
from gan.metrics.statistics import Need, Statistics
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
    needs: ClassVar[frozenset[Need]] = frozenset()
    needs_of_real: ClassVar[frozenset[Need]] = frozenset()
    named_after_features: ClassVar[bool] = False
    needs_model: ClassVar[bool] = True

    def __init__(self, batch_size: int = 256) -> None:
        self.batch_size = batch_size

    def __call__(self, real: Statistics, fake: Statistics) -> dict[str, float]:
        return {}

    @torch.no_grad()
    def of_model(self, source: SampleSource, data: DataModule) -> dict[str, float]:
        model = source.model
        total, count = torch.zeros((), device=model.device), torch.zeros((), device=model.device)
        with model.inference_network(source.use_ema) as network:
            if not isinstance(network, TokenLSTM):
                raise UserError(
                    f"metric=heldout_nll needs a generator with a likelihood, and {type(model).__name__} has none"
                )
            for batch in data.batches("test", self.batch_size, rank_range(len(data.split("test")))):
                tokens = batch.real.to(model.device)
                total -= network.log_likelihoods(tokens).sum()
                count += (~network.is_padding(tokens)).sum()
        return {"heldout_nll": float(sum_over_ranks(total) / sum_over_ranks(count))}
