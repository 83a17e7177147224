"""Decoding of image files: large JPEGs at a fraction of their size."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.data import streamed_images
from gan.data.streamed_images import Decoder


@pytest.fixture
def photo() -> Image.Image:
    """Make a photo of 800 x 600 pixels with detail of all sizes."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize(
        (800, 600), Image.Resampling.BICUBIC
    )
    noise = rng.integers(-12, 12, (600, 800, 3))
    return Image.fromarray((np.asarray(coarse).astype(int) + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("suffix", "size", "half", "decoded"),
    [
        ("jpg", 32, None, (150, 200)),
        ("jpg", 64, None, (300, 400)),
        ("jpg", 256, None, (600, 800)),
        ("jpg", 32, "left", (600, 800)),
        ("png", 32, None, (600, 800)),
    ],
)
def test_large_jpegs_are_decoded_at_a_fraction_of_their_size(
    photo: Image.Image,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
    size: int,
    half: streamed_images.Half,
    decoded: tuple[int, int],
) -> None:
    path, sizes = tmp_path / f"photo.{suffix}", list[tuple[int, ...]]()
    photo.save(path, quality=90)
    pixel_tensor = streamed_images.pixel_tensor

    def record(image: Image.Image, channels: int, background: str) -> torch.Tensor:
        pixels = pixel_tensor(image, channels, background)
        sizes.append(tuple(pixels.shape[1:]))
        return pixels

    monkeypatch.setattr(streamed_images, "pixel_tensor", record)
    reduced = Decoder(size, 3, half=half)(path)
    whole = Decoder(size, 3, half=half, margin=0)(path)
    assert sizes == [decoded, (600, 800)]
    assert (reduced.float() - whole.float()).abs().mean() < 0.3
