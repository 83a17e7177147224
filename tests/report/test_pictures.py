"""Embedded images: frames from the first to the last, within size limits."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.report.pictures import FRAMES_BYTES, IMAGE_BYTES, MAX_FRAMES, embed, embed_frames
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


def test_small_images_are_embedded_unchanged(tmp_path: Path) -> None:
    paths = write(tmp_path, range(100, 1_000_200, 250_000), 8)
    frames = embed_frames(paths)
    assert [frame.step for frame in frames] == [100, 250_100, 500_100, 750_100, 1_000_100], "in numeric order"
    for frame, path in zip(frames, paths, strict=True):
        assert np.array_equal(np.asarray(opened(frame.image.source)[0]), np.asarray(Image.open(path)))
    assert frames[0].image[1:] == (8, 8)


@pytest.mark.parametrize("count", [2, MAX_FRAMES, MAX_FRAMES + 1, 3 * MAX_FRAMES])
def test_frames_are_evenly_spaced_from_first_to_last(tmp_path: Path, count: int) -> None:
    steps = [frame.step for frame in embed_frames(write(tmp_path, range(1, count + 1), 4))]
    assert (steps[0], steps[-1], len(steps)) == (1, count, min(count, MAX_FRAMES))
    gaps = np.diff(steps)
    assert gaps.max() - gaps.min() <= 1


def test_large_frames_are_reduced(tmp_path: Path) -> None:
    paths = write(tmp_path, range(1, 31), 300)
    assert sum(path.stat().st_size for path in paths) > 2 * FRAMES_BYTES
    frames = embed_frames(paths)
    assert sum(opened(frame.image.source)[1] for frame in frames) <= FRAMES_BYTES
    assert frames[-1].step == 30
    assert all(opened(frame.image.source)[0].size == (300, 300) for frame in frames)


def test_a_large_image_becomes_a_jpeg(tmp_path: Path) -> None:
    (path,) = write(tmp_path, range(1, 2), 400)
    assert path.stat().st_size > IMAGE_BYTES
    image = embed(path)
    assert image is not None
    assert image.source.startswith("data:image/jpeg;")
    assert opened(image.source)[1] < IMAGE_BYTES
    assert embed(tmp_path / "missing.png") is None
