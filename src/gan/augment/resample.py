"""Images under an affine map, differentiable as often as is wanted: bilinear, reflected at the borders."""

import torch
from torch import Tensor

__all__ = ["resampled"]


def resampled(images: Tensor, linear: Tensor, offset: Tensor) -> Tensor:
    """Look each pixel of the new image up in the old one, at place ``linear @ place + offset``.

    It is linear in the images by gathering four neighbours of each place, which has derivatives of all orders on all
    devices: ``grid_sample``, whose backward pass is a kernel of its own, has not in all versions of torch. The identity
    is exact.

    Args:
        images: With shape (B, C, H, W).
        linear: With shape (B, 2, 2); places are (x, y) in pixels from the image's centre, right and down.
        offset: With shape (B, 2).

    Returns:
        With shape (B, C, H, W).
    """
    height, width = images.shape[2:]
    x = torch.arange(width, device=images.device) - (width - 1) / 2
    y = torch.arange(height, device=images.device)[:, None] - (height - 1) / 2
    # products written out: as a matmul, places would be of TF32's ten bits on a GPU
    rows = [linear[:, n, 0, None, None] * x + linear[:, n, 1, None, None] * y for n in (0, 1)]
    left, right, of_right = _neighbours(rows[0] + offset[:, 0, None, None], width)
    upper, lower, of_lower = _neighbours(rows[1] + offset[:, 1, None, None], height)

    flat, channels = images.flatten(2), images.shape[1]

    def at(row: Tensor, column: Tensor) -> Tensor:
        index = (row * width + column).flatten(1)[:, None].expand(-1, channels, -1)
        return flat.gather(2, index).view_as(images)

    of_right, of_lower = of_right.to(images.dtype), of_lower.to(images.dtype)
    above = torch.lerp(at(upper, left), at(upper, right), of_right)
    below = torch.lerp(at(lower, left), at(lower, right), of_right)
    return torch.lerp(above, below, of_lower)


def _neighbours(place: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the pixels around places, from the centre along one axis, and the weight of the second one.

    Places beyond the outermost pixels are reflected there, as often as it takes.
    """
    last = size - 1
    place = last - ((place + last / 2).remainder(2 * last) - last).abs()
    first = place.floor().clamp(max=last - 1)
    return first.long(), first.long() + 1, (place - first)[:, None]
