"""Minibatch standard deviation layer (Karras et al., 2018, Section 3)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.bounds import AtLeastTwo

__all__ = ["MinibatchStd"]


class MinibatchStd(nn.Module):
    """Append a constant channel: the standard deviation over a group of images, averaged over features and positions.

    The group is the whole batch in the paper, and four images in the authors' code. Here it is up to ``group_size``
    consecutive images, so that splitting a batch over ranks or parts changes nothing, provided that no group is split.

    Args:
        group_size: Largest number of images per group; groups of a batch are as even as possible.
        epsilon: Added to the variance, since the square root has no gradient at zero.
    """

    def __init__(self, group_size: AtLeastTwo = 4, epsilon: float = 1e-8) -> None:
        super().__init__()
        self.group_size, self.epsilon = group_size, epsilon

    def forward(self, features: Tensor) -> Tensor:
        """Map features, with shape (B, C, H, W), to (B, C + 1, H, W)."""
        batch = len(features)
        groups = -(-batch // self.group_size)
        group = torch.arange(batch, device=features.device) * groups // batch
        with torch.autocast(features.device.type, enabled=False):  # half precision loses small differences
            membership = F.one_hot(group, groups).float()
            mean = (membership / membership.sum(0)).T  # (groups, B); a product with it takes each group's mean
            flat = features.float().flatten(1)
            variance = mean @ (flat - (mean @ flat)[group]).square()
            std = (variance + self.epsilon).sqrt().mean(1)[group]
        channel = std.to(features.dtype)[:, None, None, None].expand(-1, 1, *features.shape[2:])
        return torch.cat([features, channel], 1)
