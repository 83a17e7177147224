"""From what a generator returns to what a person or an image file takes."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["encode_png", "enlarge", "gallery", "grid", "save_png", "scatter", "to_uint8"]


def to_uint8(images: Tensor) -> Tensor:
    """Map [-1, 1] to whole numbers from 0 to 255, rounded to the nearest, of any shape."""
    return images.add(1).mul(127.5).round_().clamp_(0, 255).to(torch.uint8)


def grid(images: Tensor) -> Tensor:
    """Lay images, with shape (N, C, H, W) in [-1, 1], out as a square-like grid, uint8 with shape (C, H', W')."""
    columns = max(1, round(len(images) ** 0.5))
    return make_grid(to_uint8(images), nrow=columns, padding=2, pad_value=255).cpu()


def gallery(groups: Mapping[str, Tensor], scale: int = 2) -> Tensor:
    """Show groups of images side by side under their names, a row a first index, uint8 with shape (3, H', W').

    Args:
        groups: Images, uint8 with shape (N, K, C, H, W), N the same in all.
        scale: Pixels of the picture a pixel of an image.
    """
    grids = {
        name: make_grid(images.flatten(0, 1), nrow=images.shape[1], pad_value=255) for name, images in groups.items()
    }
    widths, height = [tile.shape[2] for tile in grids.values()], next(iter(grids.values())).shape[1]
    gap, margin, dpi = 24 // scale, 40 // scale, 100
    size = sum(widths) + gap * (len(grids) - 1), height + margin
    figure = _figure(scale * size[0], scale * size[1], dpi)
    left = 0
    for (name, tile), width in zip(grids.items(), widths, strict=True):
        axes = figure.add_axes((left / size[0], 0, width / size[0], height / size[1]))
        axes.imshow(tile.permute(1, 2, 0).numpy(), interpolation="nearest")
        axes.set_title(name, fontsize=9)
        axes.axis("off")
        left += width + gap
    return _pixels(figure)


def scatter(points: Mapping[str, Tensor], reach: float) -> Tensor:
    """Draw named sets of points, each with shape (N, 2), from -reach to reach, uint8 with shape (3, H, W).

    Of more than two sets, the first one is grey, and the others have a hue each.
    """
    from matplotlib import colormaps

    many = len(points) > 2
    figure = _figure(680 if many else 500, 500, 100)
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    if many:
        axes.set_prop_cycle(color=["0.7", *colormaps["turbo"](np.linspace(0.05, 0.95, len(points) - 1))])
    for name, cloud in points.items():
        x, y = cloud.T.numpy()
        label = name if many else f"{name} ({len(cloud):,})"
        axes.scatter(x, y, s=4, linewidths=0, alpha=0.5, label=label)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    if many:
        figure.legend(loc="outside right center", fontsize=7, markerscale=4, frameon=False)
    else:
        figure.legend(loc="outside upper center", ncols=len(points), markerscale=4, frameon=False)
    return _pixels(figure)


def save_png(image: Tensor, path: Path) -> None:
    """Write an image, uint8 with shape (C, H, W), as a PNG that is whole or not there at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(encode_png(image))
    partial.replace(path)


def encode_png(image: Tensor) -> bytes:
    """Return the bytes of a PNG of an image, uint8 with shape (C, H, W)."""
    file = BytesIO()
    Image.fromarray(image.permute(1, 2, 0).squeeze(2).cpu().numpy()).save(file, format="PNG")
    return file.getvalue()


def enlarge(images: Tensor, least: int = 256) -> Tensor:
    """Repeat pixels a whole number of times, so that the shorter side of images, (..., H, W), is at least so long."""
    times = max(1, -(-least // min(images.shape[-2:])))
    return images.repeat_interleave(times, -2).repeat_interleave(times, -1)


def _figure(width: int, height: int, dpi: int) -> "Figure":
    from matplotlib.figure import Figure  # takes a while, which a run without such pictures need not wait for

    return Figure(figsize=(width / dpi, height / dpi), dpi=dpi)


def _pixels(figure: "Figure") -> Tensor:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return torch.from_numpy(np.asarray(canvas.buffer_rgba())[..., :3].copy()).permute(2, 0, 1)
