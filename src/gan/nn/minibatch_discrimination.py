"""Minibatch discrimination layer (Salimans et al., 2016, Section 3.2)."""

import torch
from torch import Tensor, nn

from gan.bounds import PositiveInt, Width

__all__ = ["MinibatchDiscrimination"]


class MinibatchDiscrimination(nn.Module):
    """Append to each image's features its similarity to the images of the batch, by which D sees a collapse.

    Each kernel k projects the features to M, with shape (B, kernel_dim); the similarity of image i under it is
    sum over j of exp(-|M_i - M_j|_1), including j = i. As with batch norm, the batch is the one of this call: real or
    fake images of one rank, and of one part if ``model.accumulate`` splits a batch. Scores of images therefore depend
    on the numbers of ranks and parts, and a network with this layer must not declare ``batch_independent``. For
    groups that do not, see ``MinibatchStd``.

    Args:
        num_features: Features F per image.
        kernels: Number of kernels K.
        kernel_dim: Dimension of a kernel's projection.
    """

    def __init__(self, num_features: PositiveInt, kernels: Width = 100, kernel_dim: Width = 5) -> None:
        super().__init__()
        # of unit length on average, since the similarity of distant projections has no gradient
        self.weight = nn.Parameter(torch.randn(num_features, kernels, kernel_dim) / num_features**0.5)

    def forward(self, features: Tensor) -> Tensor:
        """Map features, with shape (B, F), to (B, F + K)."""
        with torch.autocast(features.device.type, enabled=False):  # half precision loses small differences
            projected = (features.float() @ self.weight.float().flatten(1)).unflatten(1, self.weight.shape[1:])
            distances = (projected[:, None] - projected).abs().sum(3)  # (B, B, K)
            similarity = (-distances).exp().sum(1)
        return torch.cat([features, similarity.to(features.dtype)], 1)
