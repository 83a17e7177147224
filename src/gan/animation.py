"""Pictures one after the other: an animated GIF, or an MP4."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from torch import Tensor

from gan.errors import UserError

__all__ = ["ENDINGS", "save_animation"]

ENDINGS = (".gif", ".mp4")


def save_animation(frames: Sequence[Tensor], path: Path, fps: float = 10) -> None:
    """Write frames as the path's ending says, whole or not at all; it plays without end where the format can say so.

    Args:
        frames: Pictures of one size, uint8 with shape (C, H, W), of one or three channels.
        path: A ``.gif`` or ``.mp4`` (H.264, as browsers play it).
        fps: Frames a second; a GIF counts in hundredths of a second, and most viewers know none below two.

    Raises:
        UserError: If the path has another ending, or an MP4 has no codec here.
    """
    if path.suffix not in ENDINGS:
        raise UserError(f"{path}: a film ends in {' or '.join(ENDINGS)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        (_write_gif if path.suffix == ".gif" else _write_mp4)(frames, partial, fps)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_gif(frames: Sequence[Tensor], path: Path, fps: float) -> None:
    images = [Image.fromarray(frame.permute(1, 2, 0).squeeze(2).cpu().numpy()) for frame in frames]
    duration = max(2, round(100 / fps)) * 10  # milliseconds
    images[0].save(path, format="GIF", save_all=True, append_images=images[1:], duration=duration, loop=0)


def _write_mp4(frames: Sequence[Tensor], path: Path, fps: float) -> None:
    try:
        import av
    except ImportError as error:
        raise UserError("an .mp4 needs a package: pip install -e '.[video]', or write a .gif") from error
    from fractions import Fraction

    if "libx264" not in av.codecs_available:
        raise UserError("an .mp4 needs the codec libx264, which this build of PyAV lacks: write a .gif")
    height, width = (size + size % 2 for size in frames[0].shape[1:])  # H.264 halves the resolution of colours
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("libx264", Fraction(fps).limit_denominator(1000), {"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            padded = frame.new_full((3, height, width), 255)
            padded[:, : frame.shape[1], : frame.shape[2]] = frame
            container.mux(stream.encode(av.VideoFrame.from_ndarray(padded.permute(1, 2, 0).cpu().numpy(), "rgb24")))
        container.mux(stream.encode())
