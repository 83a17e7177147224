"""Pulling-away term of EBGAN (Zhao et al., 2017)."""

import torch.nn.functional as F
from torch import Tensor

from gan.distributed.group import differentiable_gather
from gan.losses.regularizers import Regularizer
from gan.types import DiscriminatorPass

__all__ = ["PullingAway"]


class PullingAway(Regularizer):
    r"""Mean squared cosine of the angles between D's features of pairs of fakes (Zhao et al., 2017, Section 2.4).

    .. math:: \frac{1}{N (N - 1)} \sum_i \sum_{j \ne i} \left( \frac{S_i^T S_j}{\|S_i\| \|S_j\|} \right)^2

    The N fakes are the batch of all ranks. The features of an autoencoder are its embedding.

    Args:
        weight: Factor of the term.
        every: Generator updates per application.
        schedule: Factor of the weight as a function of generator updates.
    """

    couples_batch = True

    def penalty(self, d_pass: DiscriminatorPass) -> Tensor:
        features = differentiable_gather(F.normalize(d_pass.fake_output.features.float().flatten(1)))
        squares = (features @ features.T).square()
        size = len(features)
        return (squares.sum() - squares.diagonal().sum()) / (size * (size - 1))
