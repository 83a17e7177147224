"""Animations: number, size and speed of frames, and errors."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from gan.animation import save_animation
from gan.errors import UserError


def uniform_frames(num: int, channels: int = 3, size: tuple[int, int] = (20, 31)) -> Sequence[Tensor]:
    """Make frames of uniform brightness, 20 levels apart."""
    return [torch.full((channels, *size), 20 * index, dtype=torch.uint8) for index in range(num)]


@pytest.mark.parametrize("channels", [1, 3])
def test_gif(channels: int, tmp_path: Path) -> None:
    save_animation(uniform_frames(7, channels), tmp_path / "new" / "film.gif", fps=20)
    with Image.open(tmp_path / "new" / "film.gif") as image:
        assert (image.size, image.n_frames, image.info["duration"], image.info["loop"]) == ((31, 20), 7, 50, 0)
        for index in range(7):
            image.seek(index)
            assert image.convert("RGB").getpixel((5, 5)) == (20 * index,) * 3
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["film.gif"]


@pytest.mark.parametrize("channels", [1, 3])
def test_mp4(channels: int, tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs pip install -e '.[video]'")
    save_animation(uniform_frames(7, channels), tmp_path / "film.mp4", fps=12.5)
    with av.open(tmp_path / "film.mp4") as container:
        (stream,) = container.streams.video
        assert (stream.codec_context.name, stream.average_rate) == ("h264", 12.5)
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert [frame.shape for frame in frames] == [(20, 32, 3)] * 7, "both sizes are padded to even numbers"
    assert all(abs(int(frame[5, 5, 0]) - 20 * index) < 8 for index, frame in enumerate(frames))


def test_unsupported_formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"must be a \.gif or \.mp4 file"):
        save_animation(uniform_frames(2), tmp_path / "film.avi")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[video\]'"):
        save_animation(uniform_frames(2), tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())
