"""Reading of image files: formats, limits, value ranges, and transparency."""

import contextlib
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.errors import UserError
from gan.image_files import FORMATS, SUFFIXES, convert_to_8_bits, is_grey, open_image

RAMP = np.linspace(0, 1, 1024).reshape(32, 32)


def read(path: Path, channels: int = 1, background: str = "white") -> np.ndarray:
    with open_image(path) as image:
        return np.array(convert_to_8_bits(image, channels, background))


@pytest.mark.parametrize("suffix", sorted(SUFFIXES - {".apng", ".avif", ".mpo", ".pfm", ".qoi"}))
def test_each_suffix_is_of_a_format_that_is_read(suffix: str, tmp_path: Path) -> None:
    mode, shade = ("1", 255) if suffix == ".pbm" else ("L", 200)
    name, path = next(name for name, suffixes in FORMATS.items() if suffix in suffixes), tmp_path / f"image{suffix}"
    Image.new(mode, (16, 16), shade).save(path, format=name)
    assert abs(read(path, 3).astype(int) - shade).max() <= 3


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tga"])
@pytest.mark.parametrize("content", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n", b"not an image", b""])
def test_no_program_is_started(name: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a program was started"))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=rf"cannot read the image .*{name} \(its content is of no format"):
        read(tmp_path / name)


def test_a_large_image_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("1", (400, 300)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("the pixels were decoded"))
    with (
        pytest.raises(UserError, match=r"large\.png \(400x300 pixels; max_pixels=119999\)"),
        open_image(tmp_path / "large.png", max_pixels=119_999),
    ):
        pass


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "fifo.png")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    for name in ("fifo", "link", "device", "folder", "loop", "missing"):
        with pytest.raises(UserError, match=rf"cannot read the image .*{name}\.png \((?!its content)"):
            read(tmp_path / f"{name}.png")


@pytest.mark.parametrize("name", ["grey.png", "grey.tif", "grey.pgm", "grey.jp2"])
def test_16_bits_are_scaled_by_their_range(name: str, tmp_path: Path) -> None:
    Image.fromarray((RAMP * 65535).round().astype(np.uint16)).save(tmp_path / name)
    assert np.array_equal(read(tmp_path / name), (RAMP * 255).round())
    assert np.array_equal(read(tmp_path / name, 3)[..., 2], (RAMP * 255).round())


def test_floats_are_scaled_from_0_to_1_and_other_ranges_refused(tmp_path: Path) -> None:
    Image.fromarray(RAMP.astype(np.float32)).save(tmp_path / "float.tif")
    assert np.array_equal(read(tmp_path / "float.tif"), (RAMP * 255).round())
    for name, values in {"wide": RAMP * 255, "negative": RAMP - 1, "nan": RAMP * np.nan}.items():
        Image.fromarray(values.astype(np.float32)).save(tmp_path / f"{name}.tif")
        with pytest.raises(UserError, match=rf"{name}\.tif \(floats outside of \[0, 1\]: scale them"):
            read(tmp_path / f"{name}.tif")
    Image.fromarray((RAMP * 65535).astype(np.int32)).save(tmp_path / "integer.tif")
    with pytest.raises(UserError, match=r"integer\.tif \(integers of 32 bits, .*: save it with 8 or 16"):
        read(tmp_path / "integer.tif")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "L"])
def test_transparent_pixels_show_the_background(mode: str, tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4] = 200, 200, 200, 255
    path = tmp_path / ("a.tif" if mode == "PA" else "a.png")
    if mode in ("P", "L"):
        Image.fromarray(pixels[..., 0]).convert(mode).save(path, transparency=0)
    else:
        Image.fromarray(pixels).convert(mode).save(path)
    for background, shade in {"white": 255, "black": 0, "#646464": 100}.items():
        expected = np.where(np.arange(8)[:, None] < 4, 200, shade).repeat(8, 1)
        assert np.array_equal(read(path, 1, background), expected)
        assert np.array_equal(read(path, 3, background)[..., 1], expected)


def test_opaque_pixels_are_unchanged(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(256, size=(16, 16, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    Image.fromarray(pixels).save(tmp_path / "opaque.png")
    assert np.array_equal(read(tmp_path / "opaque.png", 3), pixels[..., :3])


def test_grey_is_found_in_any_mode(tmp_path: Path) -> None:
    grey = Image.fromarray((RAMP * 255).astype(np.uint8))
    colour = Image.merge("RGB", [grey, grey, grey.rotate(90)])
    for image, expected in ((grey, True), (colour, False)):
        for mode in ("RGB", "P", "RGBA"):
            image.convert(mode).save(tmp_path / "image.png")
            with open_image(tmp_path / "image.png") as opened:
                assert is_grey(opened) is expected


def test_damaged_files_are_named(tmp_path: Path) -> None:
    """Pillow raises errors of many types, which depend on the format; all become the one that names the file."""
    rng = np.random.default_rng(0)
    for suffix in (".png", ".jpg", ".tif", ".gif", ".webp", ".jp2", ".bmp", ".ppm", ".tga"):
        path = tmp_path / f"damaged{suffix}"
        Image.fromarray(rng.integers(256, size=(16, 16, 3), dtype=np.uint8)).save(path)
        whole = path.read_bytes()
        for _ in range(30):
            damaged = bytearray(whole)
            for index in rng.integers(min(len(whole), 200), size=5):
                damaged[index] = rng.integers(256)
            path.write_bytes(damaged[: rng.integers(len(whole) // 2, len(whole))])
            with warnings.catch_warnings(action="ignore"), contextlib.suppress(UserError):
                read(path)
