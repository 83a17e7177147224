"""Policy gradient: its expectation is the exact gradient of the expected reward, over all sequences."""

from itertools import product

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.losses.policy_gradient import Baseline, advantages, policy_gradient_loss
from gan.nn.token_lstm import TokenLSTM

V = T = 3
SEQUENCES = torch.tensor(list(product(range(V), repeat=T)))  # all 27


def exact_values(probabilities: Tensor, rewards: Tensor) -> Tensor:
    """Expected reward of each sequence given its first 0, ..., T tokens, by enumeration."""
    columns = []
    for known in range(T + 1):
        same = (SEQUENCES[:, None, :known] == SEQUENCES[None, :, :known]).all(2).double()
        columns.append((same @ (probabilities * rewards)) / (same @ probabilities))
    return torch.stack(columns, 1)


@pytest.mark.parametrize("baseline", ["none", "previous"])
def test_expected_gradient_equals_that_of_exact_enumeration(baseline: Baseline) -> None:
    torch.manual_seed(0)
    policy = TokenLSTM(V, T, embedding=4, width=5).double()
    rewards = torch.randn(27, dtype=torch.float64)
    weights = list(policy.parameters())
    exact = torch.autograd.grad((policy.log_likelihoods(SEQUENCES).double().sum(1).exp() * rewards).sum(), weights)

    log_likelihoods = policy.log_likelihoods(SEQUENCES).double()
    probabilities = log_likelihoods.detach().sum(1).exp()
    advantage = advantages(exact_values(probabilities, rewards), baseline)
    losses = [policy_gradient_loss(log_likelihoods[[row]], advantage[[row]]) for row in range(27)]
    estimated = torch.autograd.grad(sum(p * loss for p, loss in zip(probabilities, losses, strict=True)), weights)
    for ours, truth in zip(estimated, exact, strict=True):
        assert_close(-ours, truth, rtol=1e-4, atol=1e-6)


def test_the_baseline_lowers_the_variance() -> None:
    values = torch.tensor([[5.0, 6.0, 4.0]])
    assert advantages(values, "none").tolist() == [[6.0, 4.0]]
    assert advantages(values, "previous").tolist() == [[1.0, -2.0]]
