"""A run's pictures as parts of a page: inside it, and not too large."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

__all__ = ["Frame", "Picture", "film", "picture", "sample_grids"]

FRAMES = 40  # a film has at most so many
FILM_BYTES = 1_400_000  # so that a page stays below three megabytes
PICTURE_BYTES = 400_000


class Picture(NamedTuple):
    """A picture as the source of an ``img``, with its size in pixels."""

    source: str
    width: int
    height: int


class Frame(NamedTuple):
    """A film's picture, and the generator update that it is from."""

    step: int
    picture: Picture


def sample_grids(folder: Path, last_step: int | None = None) -> list[Path]:
    """List the pictures ``samples/<step>.png`` of a run's folder, in the order of steps, up to a last one."""
    found = {int(path.stem): path for path in (folder / "samples").glob("*.png") if path.stem.isdecimal()}
    return [path for step, path in sorted(found.items()) if last_step is None or step <= last_step]


def film(paths: list[Path]) -> list[Frame]:
    """Choose pictures evenly, the first and the last among them; make them smaller if together they are large."""
    count = min(FRAMES, len(paths))
    chosen = [paths[round(place * (len(paths) - 1) / max(1, count - 1))] for place in range(count)]
    encoded = [(path, path.read_bytes()) for path in chosen]
    if sum(len(data) for _, data in encoded) > FILM_BYTES:
        encoded = [(path, _jpeg(data)) for path, data in encoded]
    while sum(len(data) for _, data in encoded) > FILM_BYTES and len(encoded) > 2:
        encoded = encoded[::-2][::-1]  # every other one, the last among them
    return [Frame(int(path.stem), _picture(data)) for path, data in encoded]


def picture(path: Path, limit: int = PICTURE_BYTES) -> Picture | None:
    """Read a picture, made smaller if it has more bytes than a limit; None if there is none."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    return _picture(data if len(data) <= limit else _jpeg(data))


def _jpeg(data: bytes) -> bytes:
    with Image.open(BytesIO(data)) as image:
        small = BytesIO()
        image.convert("RGB").save(small, format="JPEG", quality=85)
    return small.getvalue()


def _picture(data: bytes) -> Picture:
    with Image.open(BytesIO(data)) as image:
        kind = (image.format or "png").lower()
        return Picture(f"data:image/{kind};base64,{b64encode(data).decode()}", *image.size)
