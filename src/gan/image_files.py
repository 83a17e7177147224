"""Reading of image files of unknown origin: formats, limits, and conversion to 8-bit grey or colour."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gan.errors import UserError
from gan.formats import printable
from gan.runs.reading import open_regular

__all__ = [
    "MAX_PIXELS",
    "SUFFIXES",
    "EncodedImage",
    "ImageSource",
    "convert_to_8_bits",
    "is_grey",
    "name_of",
    "open_image",
]

MAX_PIXELS = 2**26  # 8192 x 8192; decoding takes 10 to 20 bytes per pixel

FORMATS = {  # formats of Pillow that are decoded without another program, and the suffixes of their files
    "AVIF": [".avif"],
    "BMP": [".bmp", ".dib"],
    "GIF": [".gif"],
    "JPEG": [".jfif", ".jpe", ".jpeg", ".jpg", ".mpo"],
    "JPEG2000": [".j2c", ".j2k", ".jp2", ".jpf", ".jpx"],
    "PNG": [".apng", ".png"],
    "PPM": [".pbm", ".pfm", ".pgm", ".pnm", ".ppm"],
    "QOI": [".qoi"],
    "TGA": [".tga"],
    "TIFF": [".tif", ".tiff"],
    "WEBP": [".webp"],
}
SUFFIXES = frozenset(suffix for suffixes in FORMATS.values() for suffix in suffixes)
WITHOUT_SIGNATURE = ("TGA",)  # known by suffix only, since other bytes may pass for it


class EncodedImage(NamedTuple):
    """Content of an image file that lies within another file.

    Attributes:
        name: Its name, for messages.
        content: The encoded image.
    """

    name: str
    content: bytes

    @property
    def suffix(self) -> str:
        """Suffix of the name, with its dot."""
        return Path(self.name).suffix


ImageSource = Path | EncodedImage
"""Image file, or the content of one."""


def name_of(source: ImageSource) -> str:
    """Return the name of an image, for messages."""
    return source.name if isinstance(source, EncodedImage) else str(source)


@contextmanager
def open_image(source: ImageSource, max_pixels: int = MAX_PIXELS) -> Iterator[Image.Image]:
    """Open an image file; its pixels are decoded when they are first used, within the ``with`` block.

    The format is that of the content, whatever the suffix says.

    Args:
        source: The file, or its content.
        max_pixels: Largest number of pixels, which is checked before they are decoded.

    Raises:
        UserError: If it is not a regular file, is of no known format, has too many pixels, or is damaged.
    """
    try:
        with _open(source) as file, Image.open(file, formats=_formats(source.suffix.lower())) as image:
            width, height = image.size
            if not 0 < width * height <= max_pixels:
                raise ValueError(f"{width}x{height} pixels; max_pixels={max_pixels}")
            yield image
    except (UserError, AssertionError):
        raise
    except Exception as error:  # Pillow reports damage by errors of many kinds
        raise UserError(f"cannot read the image {printable(name_of(source))} ({_cause(error)})") from error


def _open(source: ImageSource) -> AbstractContextManager[BinaryIO]:
    return BytesIO(source.content) if isinstance(source, EncodedImage) else open_regular(source)


def convert_to_8_bits(image: Image.Image, channels: int, background: str) -> Image.Image:
    """Convert an open image to 8 bits per channel: upright by its EXIF orientation, and without transparency.

    Integers of 16 bits are scaled from their whole range, floats from [0, 1].

    Args:
        image: An image from ``open_image``, which is turned upright in place.
        channels: 1 for grey, 3 for colour.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.

    Raises:
        ValueError: If the range of the values is unknown.
    """
    ImageOps.exif_transpose(image, in_place=True)  # photos may be stored rotated
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        image = Image.fromarray(((np.asarray(image, np.uint32) + 128) // 257).astype(np.uint8))
    elif image.mode == "I":
        raise ValueError("integers of 32 bits, whose range is unknown: save it with 8 or 16 bits")
    elif image.mode == "F":
        values = np.asarray(image)
        if not (values.min() >= 0 and values.max() <= 1):  # also for NaN
            raise ValueError("floats outside of [0, 1]: scale them, or save it with 8 or 16 bits")
        image = Image.fromarray(np.rint(255 * values).astype(np.uint8))
    if image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, background)
        canvas.alpha_composite(image.convert("RGBA"))
        image = canvas.convert("RGB")
    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        return image.convert(mode)
    image.load()  # not copied
    return image


def is_grey(image: Image.Image) -> bool:
    """Return whether an open image is grey: by its mode, or because the channels of all its pixels are equal."""
    if image.mode in ("1", "L", "LA", "I", "F") or image.mode.startswith("I;16"):
        return True
    pixels = np.asarray(convert_to_8_bits(image, 3, "white"))
    return bool((pixels == pixels[..., :1]).all())


def _cause(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "its content is of no format that is read here"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return printable(str(error)) or type(error).__name__


@cache
def _formats(suffix: str) -> list[str]:
    """Return the formats that a file with a suffix may have, as far as this version of Pillow knows them."""
    Image.init()
    return [
        name
        for name, suffixes in FORMATS.items()
        if name in Image.OPEN and (name not in WITHOUT_SIGNATURE or suffix in suffixes)
    ]
