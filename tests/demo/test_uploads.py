"""Demo: uploads and strokes of unknown origin are opened, or refused in one line."""

import io
import struct
import zlib
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gan.demo.uploads import open_paint, open_upload
from gan.errors import UserError


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares a size, and has no pixels."""
    chunks = {b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT": zlib.compress(b"")}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


def encoded(size: tuple[int, int], kind: str, mode: str = "RGB", **settings: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, kind, **settings)
    return file.getvalue()


FRAMES = [Image.new("L", (16, 16), level) for level in (90, 200)]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><script>alert(1)</script></svg>'
HOSTILE = {
    "large.png": (png_header(8_000, 8_000), "8000x8000 pixels; max_pixels="),
    "huge.png": (png_header(60_000, 60_000), "3600000000 pixels"),
    "text.png": (b"not an image", "of no format"),
    "empty.png": (b"", "of no format"),
    "drawing.svg": (SVG, "of no format"),
    "drawing.png": (SVG, "of no format"),
    "dot.png": (encoded((1, 1), "PNG"), "1x1 pixels: the demo takes images of at least 8"),
    "line.png": (encoded((8, 400), "PNG"), "8x400 pixels: .* at most 32 times"),
    "film.gif": (encoded((16, 16), "GIF", "L", save_all=True, append_images=FRAMES), "several frames"),
    "film.png": (encoded((16, 16), "PNG", "L", save_all=True, append_images=FRAMES), "several frames"),
    "film.webp": (encoded((16, 16), "WEBP", save_all=True, append_images=FRAMES), "several frames"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_uploads(tmp_path: Path, name: str) -> None:
    content, message = HOSTILE[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as error, open_upload(tmp_path / name):
        pass
    assert "\n" not in str(error.value)
    assert name in str(error.value)
    assert str(tmp_path) not in str(error.value), "the folder is the server's own"


def test_damaged_upload(tmp_path: Path) -> None:
    path = tmp_path / "half.png"
    content = encoded((64, 64), "PNG", "L", compress_level=0)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"^cannot read the image half.png"), open_upload(path) as image:
        image.load()


def test_photos_with_previews_are_taken(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / "photo.jpg", "MPO", save_all=True, append_images=[FRAMES[0]])
    with open_upload(tmp_path / "photo.jpg") as image:
        assert (image.format, image.size) == ("MPO", (64, 48))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "http://127.0.0.1/x.png",
        "data:image/svg+xml;base64," + b64encode(SVG).decode(),
        "data:image/png;base64,%%",
        "data:image/png;base64,A",
        "data:image/png;base64," + b64encode(SVG).decode(),
        "data:image/png;base64," + b64encode(png_header(3000, 3000)).decode(),
    ],
)
def test_hostile_paint(url: str) -> None:
    with pytest.raises(UserError) as error, open_paint(url):
        pass
    assert "\n" not in str(error.value)


def test_paint() -> None:
    url = "data:image/png;base64," + b64encode(encoded((20, 10), "PNG", "RGBA")).decode()
    with open_paint(url) as paint:
        assert (paint.mode, paint.size) == ("RGBA", (20, 10))
