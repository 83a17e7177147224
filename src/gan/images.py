"""From what a generator returns to what a person or an image file takes."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

__all__ = ["grid", "save_png", "scatter", "to_uint8"]


def to_uint8(images: Tensor) -> Tensor:
    """Map [-1, 1] to whole numbers from 0 to 255, rounded to the nearest, of any shape."""
    return images.add(1).mul(127.5).round_().clamp_(0, 255).to(torch.uint8)


def grid(images: Tensor) -> Tensor:
    """Lay images, with shape (N, C, H, W) in [-1, 1], out as a square-like grid, uint8 with shape (C, H', W')."""
    columns = max(1, round(len(images) ** 0.5))
    return make_grid(to_uint8(images), nrow=columns, padding=2, pad_value=255).cpu()


def scatter(points: Mapping[str, Tensor], reach: float) -> Tensor:
    """Draw named sets of points, each with shape (N, 2), from -reach to reach, uint8 with shape (3, H, W)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), dpi=100, layout="constrained")
    canvas, axes = FigureCanvasAgg(figure), figure.subplots()
    for name, cloud in points.items():
        x, y = cloud.T.numpy()
        axes.scatter(x, y, s=4, linewidths=0, alpha=0.5, label=f"{name} ({len(cloud):,})")
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    figure.legend(loc="outside upper center", ncols=len(points), markerscale=4, frameon=False)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    return torch.from_numpy(pixels).permute(2, 0, 1)


def save_png(image: Tensor, path: Path) -> None:
    """Write an image, uint8 with shape (C, H, W), as a PNG that is whole or not there at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = image.permute(1, 2, 0).squeeze(2).cpu().numpy()
    partial = path.with_name(path.name + ".partial")
    Image.fromarray(pixels).save(partial, format="PNG")
    partial.replace(path)
