"""Conversion of generated images to 8-bit pixels, pictures and PNG files."""

from collections.abc import Mapping
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torchvision.utils import make_grid

from gan.runs.writing import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["encode_png", "from_uint8", "gallery", "grid", "magnify", "save_png", "scatter", "side_by_side", "to_uint8"]


TITLE_SIZE = 9  # of the grids of a gallery, in points


def to_uint8(images: Tensor) -> Tensor:
    """Map [-1, 1] to integers from 0 to 255, rounded to nearest; any shape."""
    assert images.is_floating_point(), "these are pixels already"
    return images.add(1).mul(127.5).round_().clamp_(0, 255).to(torch.uint8)


def from_uint8(images: Tensor) -> Tensor:
    """Map uint8 pixels to float32 in [-1, 1]; any shape."""
    assert not images.is_floating_point(), "these are no pixels"
    return images.float().div_(127.5).sub_(1)


def grid(images: Tensor, columns: int | None = None) -> Tensor:
    """Arrange images, in [-1, 1] with shape (N, C, H, W), in a grid, uint8 with shape (C, H', W').

    Args:
        images: The images, row by row.
        columns: Number of columns; None for a nearly square grid.
    """
    columns = columns or max(1, round(len(images) ** 0.5))
    return make_grid(to_uint8(images), nrow=columns, padding=2, pad_value=255).cpu()


def side_by_side(columns: Mapping[str, Tensor], gap: int = 8) -> Tensor:
    """Arrange groups of images that belong together, such as a source image and its output, in one picture.

    Groups are in a nearly square grid, with a gap between them. Above each column of images is its title, if it fits.

    Args:
        columns: The images of all groups by title, in [-1, 1] with shape (N, 1 or 3, H, W).
        gap: Pixels between groups; images of a group are 2 pixels apart.

    Returns:
        uint8 with shape (3, H', W').
    """
    images = to_uint8(torch.stack([x.expand(-1, 3, -1, -1) for x in columns.values()], 1)).cpu()
    number, per_group, _, height, width = images.shape
    per_row = max(1, round((number / per_group) ** 0.5))
    titles = _titles(list(columns), width)
    group_width, top = per_group * (width + 2) + gap, titles.shape[1]
    size = top + -(-number // per_row) * (height + 2) + 2, min(per_row, number) * group_width - gap + 2
    picture = torch.full((3, *size), 255, dtype=torch.uint8)
    for index, group in enumerate(images):
        y, left = top + 2 + (index // per_row) * (height + 2), 2 + (index % per_row) * group_width
        if index < per_row:
            picture[:, :top, left : left + titles.shape[2]] = titles
        for x, image in enumerate(group):
            start = left + x * (width + 2)
            picture[:, y : y + height, start : start + width] = image
    return picture


def _titles(names: list[str], width: int) -> Tensor:
    """Draw titles above columns of a width that are 2 pixels apart, uint8 with shape (1, H, W); H is 0 without room."""
    sizes = [size for size in range(8, 15) if max(map(ImageFont.load_default(size).getlength, names)) <= width - 2]
    if not sizes:
        return torch.full((1, 0, len(names) * (width + 2) - 2), 255, dtype=torch.uint8)
    strip = Image.new("L", (len(names) * (width + 2) - 2, sizes[-1] + 4), 255)
    for column, name in enumerate(names):
        place = column * (width + 2) + width / 2, strip.height / 2
        ImageDraw.Draw(strip).text(place, name, fill=0, font=ImageFont.load_default(sizes[-1]), anchor="mm")
    return torch.from_numpy(np.array(strip))[None]


def gallery(groups: Mapping[str, Tensor], scale: int = 2) -> Tensor:
    """Draw titled grids of images side by side.

    Args:
        groups: Images by title, uint8 with shape (N, K, C, H, W): N rows of K images, with the same N in all groups.
        scale: Size of an image pixel in pixels of the picture.

    Returns:
        uint8 with shape (3, H', W').
    """
    grids = {
        name: make_grid(images.flatten(0, 1), nrow=images.shape[1], pad_value=255) for name, images in groups.items()
    }
    height = next(iter(grids.values())).shape[1]
    gap, margin, dpi = 24 // scale, 40 // scale, 100
    rooms = [max(tile.shape[2], -(-_text_width(name, TITLE_SIZE, dpi) // scale)) for name, tile in grids.items()]
    size = sum(rooms) + gap * (len(grids) - 1), height + margin
    figure = _figure(scale * size[0], scale * size[1], dpi)
    start = 0
    for (name, tile), room in zip(grids.items(), rooms, strict=True):
        left = start + (room - tile.shape[2]) // 2  # a title may be wider than its images
        axes = figure.add_axes((left / size[0], 0, tile.shape[2] / size[0], height / size[1]))
        axes.imshow(tile.permute(1, 2, 0).numpy(), interpolation="nearest")
        axes.set_title(name, fontsize=TITLE_SIZE)
        axes.axis("off")
        start += room + gap
    return _pixels(figure)


def scatter(points: Mapping[str, Tensor], limit: float) -> Tensor:
    """Draw a scatter plot of named sets of points.

    With more than two sets, the first is grey and each of the others has its own hue.

    Args:
        points: Points by name, with shape (N, 2).
        limit: Both axes range from -limit to limit.

    Returns:
        uint8 with shape (3, H, W).
    """
    from matplotlib import colormaps

    many = len(points) > 2
    figure = _figure(680 if many else 500, 500, 100)
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    if many:
        axes.set_prop_cycle(color=["0.7", *colormaps["turbo"](np.linspace(0.05, 0.95, len(points) - 1))])
    for name, xy in points.items():
        x, y = xy.T.numpy()
        label = name if many else f"{name} ({len(xy):,})"
        axes.scatter(x, y, s=4, linewidths=0, alpha=0.5, label=label)
    axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    if many:
        figure.legend(loc="outside right center", fontsize=7, markerscale=4, frameon=False)
    else:
        figure.legend(loc="outside upper center", ncols=len(points), markerscale=4, frameon=False)
    return _pixels(figure)


def save_png(image: Tensor, path: Path) -> None:
    """Write an image, uint8 with shape (C, H, W), as a PNG, atomically."""
    with atomic_path(path) as partial:
        partial.write_bytes(encode_png(image))


def encode_png(image: Tensor) -> bytes:
    """Encode an image, uint8 with shape (C, H, W), as a PNG."""
    file = BytesIO()
    Image.fromarray(image.permute(1, 2, 0).squeeze(2).cpu().numpy()).save(file, format="PNG")
    return file.getvalue()


def magnify(images: Tensor, min_size: int = 256) -> Tensor:
    """Magnify images, (..., H, W), by repeating pixels until the shorter side has at least ``min_size``."""
    factor = max(1, -(-min_size // min(images.shape[-2:])))
    return images.repeat_interleave(factor, -2).repeat_interleave(factor, -1)


def _figure(width: int, height: int, dpi: int) -> "Figure":
    from matplotlib.figure import Figure  # slow to import, and not every run draws figures

    return Figure(figsize=(width / dpi, height / dpi), dpi=dpi)


def _text_width(text: str, size: float, dpi: int) -> int:
    """Return the width in pixels of text of a size in points, with a margin of 4 pixels on both sides."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = _figure(dpi, dpi, dpi)
    renderer = FigureCanvasAgg(figure).get_renderer()
    return ceil(figure.text(0, 0, text, fontsize=size).get_window_extent(renderer).width) + 8


def _pixels(figure: "Figure") -> Tensor:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return torch.from_numpy(np.asarray(canvas.buffer_rgba())[..., :3].copy()).permute(2, 0, 1)
