"""Images embedded in pages as data URLs of limited size."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

__all__ = ["EmbeddedImage", "Frame", "embed", "embed_frames"]

MAX_FRAMES = 40
FRAMES_BYTES = 1_400_000  # for all frames together, which keeps a page below three megabytes
IMAGE_BYTES = 400_000


class EmbeddedImage(NamedTuple):
    """Data URL for the ``src`` of an ``img``, and the size in pixels."""

    source: str
    width: int
    height: int


class Frame(NamedTuple):
    """Frame of an animation: a sample grid, and its generator update."""

    step: int
    image: EmbeddedImage


def embed_frames(paths: list[Path]) -> list[Frame]:
    """Embed an even selection of sample grids, including the first and the last; as JPEG if PNGs are too large."""
    count = min(MAX_FRAMES, len(paths))
    selected = [paths[round(index * (len(paths) - 1) / max(1, count - 1))] for index in range(count)]
    encoded = [(path, path.read_bytes()) for path in selected]
    if _total_size(encoded) > FRAMES_BYTES:
        encoded = [(path, _jpeg(data)) for path, data in encoded]
    while _total_size(encoded) > FRAMES_BYTES and len(encoded) > 2:
        encoded = encoded[::-2][::-1]  # every other one, including the last
    return [Frame(int(path.stem), _embedded(data)) for path, data in encoded]


def embed(path: Path, limit: int = IMAGE_BYTES) -> EmbeddedImage | None:
    """Embed an image, as JPEG if the file exceeds ``limit`` bytes. Returns None if there is no file."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    return _embedded(data if len(data) <= limit else _jpeg(data))


def _total_size(encoded: list[tuple[Path, bytes]]) -> int:
    return sum(len(data) for _, data in encoded)


def _jpeg(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        file = BytesIO()
        image.convert("RGB").save(file, format="JPEG", quality=85)
    return file.getvalue()


def _embedded(data: bytes) -> EmbeddedImage:
    with Image.open(BytesIO(data)) as image:
        kind = (image.format or "png").lower()
        return EmbeddedImage(f"data:image/{kind};base64,{b64encode(data).decode()}", *image.size)
