"""Policy gradient of sequences (REINFORCE; Williams, 1992), as in SeqGAN (Yu et al., 2017, Eq. 6)."""

from typing import Literal

import torch
from torch import Tensor

__all__ = ["Baseline", "advantages", "policy_gradient_loss"]

Baseline = Literal["none", "previous"]


def advantages(values: Tensor, baseline: Baseline) -> Tensor:
    """Return the advantage of each token, with shape (B, T).

    Args:
        values: Expected reward of a sequence given its first t tokens, for t from 0 to T, with shape (B, T + 1).
        baseline: ``none`` for the value after the token, as in the paper; ``previous`` subtracts the value before it,
            which leaves the expected gradient as it is and lowers its variance.
    """
    return values[:, 1:] - values[:, :-1] if baseline == "previous" else values[:, 1:]


def policy_gradient_loss(log_likelihoods: Tensor, advantage: Tensor) -> Tensor:
    r"""Return a scalar whose gradient is an estimate of that of minus the expected reward.

    .. math:: \nabla E[R] = E \sum_t A_t \nabla \log \pi(y_t | y_1 ... y_{t-1})

    Args:
        log_likelihoods: Log-probability of each token of sampled sequences, with shape (B, T) and a gradient.
        advantage: Advantage of each token, with shape (B, T).
    """
    return -(log_likelihoods * torch.detach(advantage)).sum(1).mean()
