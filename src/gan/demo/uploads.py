"""Images that the page sends: uploaded files and strokes of the canvas, within limits."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from gan.errors import UserError
from gan.image_files import open_image

__all__ = ["MAX_UPLOAD", "open_paint", "open_upload"]

MAX_UPLOAD = 20_000_000  # bytes of a request
MAX_PIXELS = 2**25  # of an upload: 5792 x 5792
MAX_RATIO = 32  # of the longer side to the shorter one
MIN_SIDE = 8
MAX_PAINT = 2**21  # pixels of the canvas
PNG_URL = "data:image/png;base64,"


@contextmanager
def open_upload(path: Path) -> Iterator[Image.Image]:
    """Open an uploaded image.

    Raises:
        UserError: If it is no image, damaged, animated, or of a size that the demo does not take.
    """
    try:
        with open_image(path, MAX_PIXELS) as image:
            short, long = sorted(image.size)
            if short < MIN_SIDE or long > MAX_RATIO * short:
                raise UserError(
                    f"{path.name} has {image.width}x{image.height} pixels: the demo takes images of at least "
                    f"{MIN_SIDE} pixels a side, whose longer side is at most {MAX_RATIO} times the shorter one"
                )
            if getattr(image, "is_animated", False) and image.format != "MPO":  # cameras add previews to a photo
                raise UserError(f"{path.name} has several frames: save one of them as an image")
            yield image
    except UserError as error:
        raise UserError(str(error).replace(str(path), path.name)) from error


@contextmanager
def open_paint(url: str) -> Iterator[Image.Image]:
    """Open the strokes of the canvas, which is transparent elsewhere.

    Args:
        url: A PNG as a data URL.

    Raises:
        UserError: If it is no PNG, or has too many pixels.
    """
    if not url.startswith(PNG_URL):
        raise UserError("the canvas sent no PNG")
    try:
        content = b64decode(url.removeprefix(PNG_URL), validate=True)
    except ValueError as error:
        raise UserError(f"the canvas sent no PNG ({error})") from error
    with TemporaryDirectory(prefix="gan-canvas-") as folder:
        path = Path(folder) / "canvas.png"
        path.write_bytes(content)
        with open_image(path, MAX_PAINT) as image:
            yield image
