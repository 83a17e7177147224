"""One more channel that tells how much the images of a batch vary (Karras et al., 2018, Section 3)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["MinibatchStd"]


class MinibatchStd(nn.Module):
    """Appends the standard deviation over a group of images, averaged over features and indices, as a constant channel.

    The paper takes the whole batch as the group, its authors' code four images. Here a group is of up to ``group_size``
    images in a row: batches split over ranks, or in parts, are then judged just as they are whole, as long as no group
    is cut.

    Args:
        group_size: Images of a group, at most; the groups of a batch are as even as can be.
        epsilon: Added to the variance, whose root has no gradient at zero.

    Raises:
        ValueError: If a group is of fewer than two images.
    """

    def __init__(self, group_size: int = 4, epsilon: float = 1e-8) -> None:
        super().__init__()
        if group_size < 2:
            raise ValueError(f"group_size must be at least 2, not {group_size}")
        self.group_size, self.epsilon = group_size, epsilon

    def forward(self, features: Tensor) -> Tensor:
        """Map features, with shape (B, C, H, W), to (B, C + 1, H, W)."""
        batch = len(features)
        groups = -(-batch // self.group_size)
        group = torch.arange(batch, device=features.device) * groups // batch
        with torch.autocast(features.device.type, enabled=False):  # variances of small differences need float32
            member = F.one_hot(group, groups).float()
            mean = (member / member.sum(0)).T  # (groups, B), a matrix that takes each group's mean
            flat = features.float().flatten(1)
            variance = mean @ (flat - (mean @ flat)[group]).square()
            std = (variance + self.epsilon).sqrt().mean(1)[group]
        channel = std.to(features.dtype)[:, None, None, None].expand(-1, 1, *features.shape[2:])
        return torch.cat([features, channel], 1)
