"""A page's pictures: a film from the first to the last, and never too large."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.report.pictures import FILM_BYTES, FRAMES, PICTURE_BYTES, film, picture, sample_grids


def write(folder: Path, steps: range, side: int) -> list[Path]:
    (folder / "samples").mkdir()
    for step in steps:
        pixels = np.random.default_rng(step).integers(256, size=(side, side, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "samples" / f"{step:06d}.png")
    return sample_grids(folder)


def opened(source: str) -> tuple[Image.Image, int]:
    data = b64decode(source.partition(";base64,")[2])
    return Image.open(BytesIO(data)), len(data)


def test_small_pictures_are_all_there_as_they_are(tmp_path: Path) -> None:
    paths = write(tmp_path, range(100, 1_000_200, 250_000), 8)
    frames = film(paths)
    assert [frame.step for frame in frames] == [100, 250_100, 500_100, 750_100, 1_000_100], "seven digits come last"
    for frame, path in zip(frames, paths, strict=True):
        assert np.array_equal(np.asarray(opened(frame.picture.source)[0]), np.asarray(Image.open(path)))
    assert frames[0].picture[1:] == (8, 8)


@pytest.mark.parametrize("count", [2, FRAMES, FRAMES + 1, 3 * FRAMES])
def test_a_film_goes_evenly_from_the_first_to_the_last(tmp_path: Path, count: int) -> None:
    steps = [frame.step for frame in film(write(tmp_path, range(1, count + 1), 4))]
    assert (steps[0], steps[-1], len(steps)) == (1, count, min(count, FRAMES))
    gaps = np.diff(steps)
    assert gaps.max() - gaps.min() <= 1


def test_large_pictures_become_smaller(tmp_path: Path) -> None:
    paths = write(tmp_path, range(1, 31), 300)
    assert sum(path.stat().st_size for path in paths) > 2 * FILM_BYTES
    frames = film(paths)
    assert sum(opened(frame.picture.source)[1] for frame in frames) <= FILM_BYTES
    assert frames[-1].step == 30
    assert all(opened(frame.picture.source)[0].size == (300, 300) for frame in frames)


def test_a_large_picture_becomes_a_jpeg(tmp_path: Path) -> None:
    (path,) = write(tmp_path, range(1, 2), 400)
    assert path.stat().st_size > PICTURE_BYTES
    found = picture(path)
    assert found is not None
    assert found.source.startswith("data:image/jpeg;")
    assert opened(found.source)[1] < PICTURE_BYTES
    assert picture(tmp_path / "nowhere.png") is None


def test_grids_of_steps_that_were_dropped_are_not_shown(tmp_path: Path) -> None:
    write(tmp_path, range(2, 10, 2), 4)
    (tmp_path / "samples" / "notes.png").write_bytes(b"")
    assert [path.stem for path in sample_grids(tmp_path, last_step=6)] == ["000002", "000004", "000006"]
