"""Pictures of a run: read as PNG alone, within limits, and checked to be whole, without importing torch."""

from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from gan.errors import one_line
from gan.runs.reading import read_bytes

__all__ = ["PictureError", "open_png", "read_png"]

MAX_PIXELS = 2**27  # 64 samples of 1024 x 1024 pixels are half as many


class PictureError(ValueError):
    """A picture that cannot be shown; the message names it."""


def read_png(path: Path) -> bytes:
    """Read a PNG file that is whole.

    Raises:
        PictureError: If it cannot be read, is damaged or has too many pixels.
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        data = read_bytes(path)
        with open_png(data) as image:
            image.verify()  # checksums
        with open_png(data) as image:
            image.load()
    except UnidentifiedImageError as error:
        raise PictureError(f"{name} cannot be shown: it is no PNG image") from error
    except OSError as error:
        raise PictureError(f"{name} cannot be shown: {error.strerror or one_line(error)}") from error
    except Exception as error:  # Pillow reports damage by errors of many kinds
        raise PictureError(f"{name} cannot be shown: {one_line(error)}") from error
    return data


def open_png(data: bytes) -> Image.Image:
    """Open a PNG image; Pillow's other decoders, one of which starts a program, are not tried.

    Raises:
        ValueError: If it has too many pixels.
    """
    image = Image.open(BytesIO(data), formats=["PNG"])
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"{image.width} x {image.height} pixels are too many")
    return image
