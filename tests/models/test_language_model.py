"""Language model: it learns its data, and takes no other loss."""

import pytest
import torch

from gan.data.oracle import Oracle
from gan.errors import UserError
from gan.features.none import NoFeatures
from gan.losses.adversarial import Hinge
from gan.losses.likelihood import Likelihood
from gan.losses.objective import Objective
from gan.metrics.evaluator import Evaluator
from gan.metrics.likelihood import HeldOutNLL
from gan.metrics.sampled import SampleSource
from gan.models.language_model import LanguageModel
from gan.models.sampler import Sampler
from gan.nn.token_lstm import TokenLSTM


def heldout_nll(model: Sampler, data: Oracle) -> float:
    evaluator = Evaluator(NoFeatures, {"heldout_nll": HeldOutNLL(batch_size=150)}).prepare(data, torch.device("cpu"))
    assert evaluator.protocol["fake_images"] == 0, "no sample is needed"
    return evaluator(iter(()), SampleSource(model))["heldout_nll"]


def test_loss_is_the_mean_negative_log_likelihood() -> None:
    terms, measures = Likelihood()(torch.tensor([[-1.0, -2.0], [-3.0, 0.0]]))
    assert (float(terms["nll"]), measures) == (1.5, {})


def test_other_losses_are_refused() -> None:
    with pytest.raises(ValueError, match="needs its own loss, not Objective"):
        LanguageModel(TokenLSTM(5, 4), Objective(Hinge()), {}, latent_dim=0)


def test_the_oracle_scores_the_entropy_of_its_data() -> None:
    data = Oracle(vocabulary_size=6, length=4, rows=400)
    model = LanguageModel(data.oracle, Likelihood(), {}, latent_dim=0, ema_decay=0)
    assert heldout_nll(model, data) == pytest.approx(
        -float(data.oracle.log_likelihoods(data.load("test").tokens).mean()), rel=1e-5
    )
    with pytest.raises(UserError, match="needs a generator with a likelihood"):
        heldout_nll(Sampler(torch.nn.Linear(1, 1), ema_decay=0), data)


def test_places_after_an_end_do_not_count() -> None:
    network = TokenLSTM(3, 4, ends=True)
    model = LanguageModel(network, Likelihood(), {}, latent_dim=0, ema_decay=0)
    data = Oracle(vocabulary_size=3, length=4, rows=4)
    tokens = torch.tensor([[1, 0, 0, 0], [2, 1, 0, 0]])
    data.splits["test"] = type(data.load("test"))(tokens)
    expected = -network.log_likelihoods(tokens).detach().sum() / 5
    assert heldout_nll(model, data) == pytest.approx(float(expected), rel=1e-5)
