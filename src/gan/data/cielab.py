"""Conversion between sRGB and CIELAB."""

import torch
from torch import Tensor

__all__ = ["lab_to_rgb", "rgb_to_lab"]

TO_XYZ = (  # linear sRGB to XYZ (IEC 61966-2-1)
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
FROM_XYZ = torch.tensor(TO_XYZ, dtype=torch.float64).inverse().tolist()
WHITE = [sum(row) for row in TO_XYZ]  # D65: the colour of R = G = B = 1, so that greys have a = b = 0
DELTA = 6 / 29


def rgb_to_lab(images: Tensor) -> Tensor:
    """Convert sRGB to CIELAB (CIE 15:2004), with white D65.

    Args:
        images: In [-1, 1], with shape (..., 3, H, W).

    Returns:
        L* / 50 - 1, in [-1, 1], and a* / 110 and b* / 110, which lie in (-1, 1) for all colours of sRGB; with the shape
        of the images.
    """
    rgb = (images + 1) / 2
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4)
    xyz = _mix(TO_XYZ, linear) / _column(WHITE, linear)
    root = torch.where(xyz > DELTA**3, xyz.clamp(min=DELTA**3) ** (1 / 3), xyz / (3 * DELTA**2) + 4 / 29)
    x, y, z = root.unbind(-3)
    return torch.stack([(116 * y - 16) / 50 - 1, 500 * (x - y) / 110, 200 * (y - z) / 110], -3)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Convert CIELAB to sRGB; colours outside of sRGB are clipped, channel by channel.

    Args:
        lab: As ``rgb_to_lab`` returns it.

    Returns:
        In [-1, 1], with the shape of ``lab``.
    """
    lightness, a, b = lab.unbind(-3)
    y = ((lightness + 1) * 50 + 16) / 116
    root = torch.stack([y + a * 110 / 500, y, y - b * 110 / 200], -3)
    xyz = torch.where(root > DELTA, root**3, 3 * DELTA**2 * (root - 4 / 29)) * _column(WHITE, root)
    linear = _mix(FROM_XYZ, xyz).clamp(0, 1)
    rgb = torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055)
    return rgb * 2 - 1


def _mix(matrix: object, images: Tensor) -> Tensor:
    weights = torch.tensor(matrix).to(images)[:, :, None, None]
    return (weights * images.unsqueeze(-4)).sum(-3)  # einsum cannot be exported for any size


def _column(values: list[float], images: Tensor) -> Tensor:
    return images.new_tensor(values).view(3, 1, 1)
