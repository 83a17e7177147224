"""Animations from a sequence of images: GIF or MP4."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from torch import Tensor

from gan.errors import UserError
from gan.extras import import_extra
from gan.runs.writing import atomic_path

__all__ = ["SUFFIXES", "save_animation"]

SUFFIXES = (".gif", ".mp4")


def save_animation(frames: Sequence[Tensor], path: Path, fps: float = 10) -> None:
    """Write an animation atomically, in the format that the suffix names. GIFs loop endlessly.

    Args:
        frames: Images of one size, uint8 with shape (C, H, W), of one or three channels.
        path: A ``.gif`` or ``.mp4`` (H.264, which browsers play).
        fps: Frames per second. A GIF stores delays in hundredths of a second, and most viewers need at least two.

    Raises:
        UserError: If the suffix is another, or no encoder for MP4 is installed.
    """
    if path.suffix not in SUFFIXES:
        raise UserError(f"{path}: an animation must be a {' or '.join(SUFFIXES)} file")
    with atomic_path(path) as partial:
        (_write_gif if path.suffix == ".gif" else _write_mp4)(frames, partial, fps)


def _write_gif(frames: Sequence[Tensor], path: Path, fps: float) -> None:
    images = [Image.fromarray(frame.permute(1, 2, 0).squeeze(2).cpu().numpy()) for frame in frames]
    duration = max(2, round(100 / fps)) * 10  # milliseconds
    images[0].save(path, format="GIF", save_all=True, append_images=images[1:], duration=duration, loop=0)


def _write_mp4(frames: Sequence[Tensor], path: Path, fps: float) -> None:
    av = import_extra("av", "video", "an .mp4, unlike a .gif,")
    from fractions import Fraction

    if "libx264" not in av.codecs_available:
        raise UserError("writing an .mp4 needs the encoder libx264, which this build of PyAV lacks: write a .gif")
    height, width = (size + size % 2 for size in frames[0].shape[1:])  # 4:2:0 chroma subsampling needs even sizes
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("libx264", Fraction(fps).limit_denominator(1000), {"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            padded = frame.new_full((3, height, width), 255)
            padded[:, : frame.shape[1], : frame.shape[2]] = frame
            container.mux(stream.encode(av.VideoFrame.from_ndarray(padded.permute(1, 2, 0).cpu().numpy(), "rgb24")))
        container.mux(stream.encode())
