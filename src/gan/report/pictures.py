"""Images embedded in pages as data URLs of limited size."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from gan.runs.pictures import PictureError, open_png, read_png

__all__ = ["EmbeddedImage", "Frame", "Frames", "Picture", "embed", "embed_cells", "embed_frames"]

MAX_FRAMES = 40
FRAMES_BYTES = 1_400_000  # for all frames together, which keeps a page below three megabytes
IMAGE_BYTES = 400_000


class EmbeddedImage(NamedTuple):
    """Data URL for the ``src`` of an ``img``, and the size in pixels."""

    source: str
    width: int
    height: int


class Picture(NamedTuple):
    """Picture in its place on a page, or why it cannot be shown."""

    image: EmbeddedImage | None
    damage: str = ""


class Frame(NamedTuple):
    """Frame of an animation: a sample grid, and its generator update."""

    step: int
    image: EmbeddedImage


class Frames(NamedTuple):
    """Frames of an animation, and the pictures that are missing in it, each with the reason."""

    frames: list[Frame]
    damaged: list[str]


def embed_frames(paths: list[Path]) -> Frames:
    """Embed an even selection of sample grids, including the first and the last; as JPEG if PNGs are too large."""
    count = min(MAX_FRAMES, len(paths))
    encoded, damaged = list[tuple[Path, bytes]](), list[str]()
    for path in [paths[round(index * (len(paths) - 1) / max(1, count - 1))] for index in range(count)]:
        try:
            encoded.append((path, read_png(path)))
        except PictureError as error:
            damaged.append(str(error))
    if _total_size(encoded) > FRAMES_BYTES:
        encoded = [(path, _jpeg(data)) for path, data in encoded]
    while _total_size(encoded) > FRAMES_BYTES and len(encoded) > 2:
        encoded = encoded[::-2][::-1]  # every other one, including the last
    return Frames([Frame(int(path.stem), _embedded(data)) for path, data in encoded], damaged)


def embed(path: Path, limit: int = IMAGE_BYTES) -> Picture:
    """Embed an image, as JPEG if the file exceeds ``limit`` bytes."""
    try:
        data = read_png(path)
    except PictureError as error:
        return Picture(None, str(error))
    return Picture(_embedded(data if len(data) <= limit else _jpeg(data)))


def embed_cells(path: Path, number: int, shown: int) -> list[EmbeddedImage]:
    """Embed the first images of a sample grid one by one; none if the picture is damaged or no grid of that many.

    Args:
        path: PNG of a grid as ``gan.images.grid`` makes it, with 2 pixels between images.
        number: Number of images in the grid.
        shown: Largest number of images to embed.
    """
    try:
        data = read_png(path)
    except PictureError:
        return []
    columns = max(1, round(number**0.5))
    rows = -(-number // columns)
    with open_png(data) as image:
        width, height = ((size - 2) // count - 2 for size, count in zip(image.size, (columns, rows), strict=True))
        if (columns * (width + 2) + 2, rows * (height + 2) + 2) != image.size or min(width, height) < 1:
            return []
        places = [divmod(index, columns) for index in range(min(number, shown))]
        cells = [(2 + column * (width + 2), 2 + row * (height + 2)) for row, column in places]
        return [_embedded(_png(image.crop((x, y, x + width, y + height)))) for x, y in cells]


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()


def _total_size(encoded: list[tuple[Path, bytes]]) -> int:
    return sum(len(data) for _, data in encoded)


def _jpeg(data: bytes) -> bytes:
    with open_png(data) as image:
        file = BytesIO()
        image.convert("RGB").save(file, format="JPEG", quality=85)
    return file.getvalue()


def _embedded(data: bytes) -> EmbeddedImage:
    with Image.open(BytesIO(data), formats=["PNG", "JPEG"]) as image:
        kind = (image.format or "png").lower()
        return EmbeddedImage(f"data:image/{kind};base64,{b64encode(data).decode()}", *image.size)
