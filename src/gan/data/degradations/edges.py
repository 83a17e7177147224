"""Drawings of the edges in images."""

import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as F

from gan.data.degradations.base import GreySource
from gan.data.degradations.gray import luma
from gan.keyed_random import KeyedRandom

__all__ = ["Edges", "find_edges"]

LOW, HIGH = 0.1, 0.2  # thresholds of the gradient, of which a step from black to white has about 0.7
REACH = 16  # pixels over which a faint edge is followed from a strong one
NEIGHBOURS = ((0, 1), (1, 1), (1, 0), (1, -1))  # rows and columns, along the gradient at 0, 45, 90 and 135 degrees


class Edges(GreySource):
    """Drawing of an image's edges: dark lines (-1) on white (1)."""

    compare_with_mean = True

    def condition(self, images: Tensor, rng: KeyedRandom) -> Tensor:
        return 1 - 2 * find_edges(images).float()


def find_edges(images: Tensor) -> Tensor:
    """Find edges one pixel wide (Canny, 1986).

    The luma is smoothed by a Gaussian with a standard deviation of one pixel; a pixel whose gradient (Sobel) is above
    0.1, and largest across the edge, is an edge if it is above 0.2 or connected to one that is, by at most 16 pixels.

    Args:
        images: In [-1, 1], with shape (B, C, H, W); 3 pixels or more on each side.

    Returns:
        Whether a pixel is an edge, with shape (B, 1, H, W).
    """
    smooth = F.gaussian_blur((luma(images) + 1) / 2, kernel_size=[5, 5], sigma=[1.0, 1.0])
    across = images.new_tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4
    kernels = torch.stack([across, across.T])[:, None]
    gradient = nn.functional.conv2d(nn.functional.pad(smooth, (1, 1, 1, 1), mode="replicate"), kernels)
    size = gradient.norm(dim=1, keepdim=True)
    direction = (torch.atan2(gradient[:, 1:], gradient[:, :1]) / (torch.pi / 4)).round().long() % 4
    around = nn.functional.pad(size, (1, 1, 1, 1))
    height, width = size.shape[2:]

    def shifted(row: int, column: int) -> Tensor:
        return around[:, :, 1 + row : 1 + row + height, 1 + column : 1 + column + width]

    largest = torch.zeros_like(size, dtype=torch.bool)
    for number, (row, column) in enumerate(NEIGHBOURS):
        ridge = (size >= shifted(row, column)) & (size > shifted(-row, -column))  # one of two that are equal
        largest |= (direction == number) & ridge
    faint, edges = largest & (size > LOW), largest & (size > HIGH)
    for _ in range(REACH):
        edges = faint & (nn.functional.max_pool2d(edges.float(), 3, stride=1, padding=1) > 0)
    return edges
