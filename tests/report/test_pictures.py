"""Embedded images: frames from the first to the last, within size limits."""

import os
import struct
import zlib
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.images import grid, save_png
from gan.report.pictures import FRAMES_BYTES, IMAGE_BYTES, MAX_FRAMES, embed, embed_cells, embed_frames
from gan.runs.folder import RunFolder


def write(folder: Path, steps: range, side: int) -> list[Path]:
    (folder / "samples").mkdir()
    for step in steps:
        pixels = np.random.default_rng(step).integers(256, size=(side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "samples" / f"{step:06d}.png")
    return RunFolder(folder).sample_grids()


def opened(source: str) -> tuple[Image.Image, int]:
    data = b64decode(source.partition(";base64,")[2])
    return Image.open(BytesIO(data)), len(data)


def test_images_of_a_grid_are_embedded_one_by_one(tmp_path: Path) -> None:
    images = torch.linspace(-1, 1, 7)[:, None, None, None].expand(7, 3, 4, 5)
    save_png(grid(images), tmp_path / "grid.png")
    cells = embed_cells(tmp_path / "grid.png", number=7, shown=5)
    assert [cell[1:] for cell in cells] == [(5, 4)] * 5
    values = [int(np.asarray(opened(cell.source)[0])[0, 0, 0]) for cell in cells]
    assert values == [0, 43, 85, 128, 170]
    assert embed_cells(tmp_path / "grid.png", number=30, shown=5) == []
    (tmp_path / "grid.png").write_bytes(b"x")
    assert embed_cells(tmp_path / "grid.png", number=7, shown=5) == []


def test_small_images_are_embedded_unchanged(tmp_path: Path) -> None:
    paths = write(tmp_path, range(100, 1_000_200, 250_000), 8)
    frames, _ = embed_frames(paths)
    assert [frame.step for frame in frames] == [100, 250_100, 500_100, 750_100, 1_000_100], "in numeric order"
    for frame, path in zip(frames, paths, strict=True):
        assert np.array_equal(np.asarray(opened(frame.image.source)[0]), np.asarray(Image.open(path)))
    assert frames[0].image[1:] == (8, 8)


@pytest.mark.parametrize("count", [2, MAX_FRAMES, MAX_FRAMES + 1, 3 * MAX_FRAMES])
def test_frames_are_evenly_spaced_from_first_to_last(tmp_path: Path, count: int) -> None:
    steps = [frame.step for frame in embed_frames(write(tmp_path, range(1, count + 1), 4)).frames]
    assert (steps[0], steps[-1], len(steps)) == (1, count, min(count, MAX_FRAMES))
    gaps = np.diff(steps)
    assert gaps.max() - gaps.min() <= 1


def test_large_frames_are_reduced(tmp_path: Path) -> None:
    paths = write(tmp_path, range(1, 31), 300)
    assert sum(path.stat().st_size for path in paths) > 2 * FRAMES_BYTES
    frames, _ = embed_frames(paths)
    assert sum(opened(frame.image.source)[1] for frame in frames) <= FRAMES_BYTES
    assert frames[-1].step == 30
    assert all(opened(frame.image.source)[0].size == (300, 300) for frame in frames)


def test_a_large_image_becomes_a_jpeg(tmp_path: Path) -> None:
    (path,) = write(tmp_path, range(1, 2), 400)
    assert path.stat().st_size > IMAGE_BYTES
    image = embed(path).image
    assert image is not None
    assert image.source.startswith("data:image/jpeg;")
    assert opened(image.source)[1] < IMAGE_BYTES


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def enlarge(path: Path) -> None:
    """Write a picture of a few kilobytes that takes gigabytes of memory."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(10_000))), (b"IEND", b"")]
    parts = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def replace_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_postscript(path: Path) -> None:
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")  # Pillow would start Ghostscript


DAMAGES = [truncate, flip_a_bit, enlarge, replace_by_a_pipe, replace_by_a_folder, replace_by_postscript, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_picture_costs_its_own_place(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    paths = write(tmp_path, range(1, 4), 8)
    damage(paths[1])
    frames, damaged = embed_frames(paths)
    assert [frame.step for frame in frames] == [1, 3]
    (named,) = damaged
    assert named == embed(paths[1]).damage
    assert named.startswith("samples/000002.png cannot be shown: ")
    assert embed(paths[1]).image is None
