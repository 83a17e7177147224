"""Films: as many frames as were given, of their size and at their speed; what cannot be written is one line."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from gan.animation import save_animation
from gan.errors import UserError


def shades(number: int, channels: int = 3, size: tuple[int, int] = (20, 31)) -> Sequence[Tensor]:
    return [torch.full((channels, *size), 20 * place, dtype=torch.uint8) for place in range(number)]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_gif(channels: int, tmp_path: Path) -> None:
    save_animation(shades(7, channels), tmp_path / "new" / "film.gif", fps=20)
    with Image.open(tmp_path / "new" / "film.gif") as film:
        assert (film.size, film.n_frames, film.info["duration"], film.info["loop"]) == ((31, 20), 7, 50, 0)
        for place in range(7):
            film.seek(place)
            assert film.convert("RGB").getpixel((5, 5)) == (20 * place,) * 3
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["film.gif"]


@pytest.mark.parametrize("channels", [1, 3])
def test_an_mp4(channels: int, tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs pip install -e '.[video]'")
    save_animation(shades(7, channels), tmp_path / "film.mp4", fps=12.5)
    with av.open(tmp_path / "film.mp4") as container:
        (stream,) = container.streams.video
        assert (stream.codec_context.name, stream.average_rate) == ("h264", 12.5)
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert [frame.shape for frame in frames] == [(20, 32, 3)] * 7, "sizes are even"
    assert all(abs(int(frame[5, 5, 0]) - 20 * place) < 8 for place, frame in enumerate(frames))


def test_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"ends in \.gif or \.mp4"):
        save_animation(shades(2), tmp_path / "film.avi")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[video\]'"):
        save_animation(shades(2), tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())
