"""Demo: uploads, examples, drawings and holes reach the network as in training."""

import io
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor
from torch.testing import assert_close

from gan.data.base import ImageDataset, Split
from gan.data.resize import resize_and_crop
from gan.demo.painting import palette
from gan.demo.translator import DemoTranslator, Source
from gan.errors import UserError
from gan.images import to_uint8
from tests.demo.inverting import SIZE, inverting


def demo_of(degrade: str, channels: int = 3) -> DemoTranslator:
    return DemoTranslator(inverting(degrade, channels))


def strokes(size: tuple[int, int], *boxes: tuple[int, int, int, int], colour: str = "#ff0000") -> str:
    """Paint in boxes, as the canvas sends it."""
    paint = Image.new("RGBA", size)
    for box in boxes:
        ImageDraw.Draw(paint).rectangle(box, colour)
    file = io.BytesIO()
    paint.save(file, "PNG")
    return "data:image/png;base64," + b64encode(file.getvalue()).decode()


def save(path: Path, pixels: Tensor, **settings: Any) -> Path:
    Image.fromarray(pixels.permute(1, 2, 0).squeeze(2).numpy()).save(path, **settings)
    return path


def test_examples_are_held_out_rows() -> None:
    demo = demo_of("mask")
    requests = demo.data.requests(range(3))
    shown = demo.translate(Source(example=2), "AtoB", "trained", 0)
    assert isinstance(requests.condition, Tensor)
    assert requests.real is not None
    assert shown.target is not None
    assert_close(shown.source, to_uint8(requests.condition[2, :3]))
    assert_close(shown.output, to_uint8(-requests.condition[2, :3]))
    assert_close(shown.target, to_uint8(requests.real[2]))
    with pytest.raises(UserError, match="no held-out example 3"):
        demo.translate(Source(example=3), "AtoB", "trained", 0)


def test_the_hole_is_where_paint_is() -> None:
    demo = demo_of("mask")
    paint = strokes((4 * SIZE, 4 * SIZE), (0, 0, 15, 31))  # columns 0 to 3 and rows 0 to 7 of the image
    shown = demo.translate(Source(example=1, paint=paint), "AtoB", "trained", 0)
    assert shown.target is not None
    expected = shown.target.clone()
    expected[:, :8, :4] = 128
    assert_close(shown.source, expected)


def test_holes_of_uploads(tmp_path: Path) -> None:
    demo = demo_of("mask")
    pixels = torch.randint(256, (4, SIZE, SIZE), dtype=torch.uint8)
    pixels[3] = 255
    with pytest.raises(UserError, match="paint the hole"):
        demo.translate(Source(upload=save(tmp_path / "whole.png", pixels[:3])), "AtoB", "trained", 0)
    pixels[3, 8:] = 0
    shown = demo.translate(Source(upload=save(tmp_path / "hole.png", pixels)), "AtoB", "trained", 0)
    assert_close(shown.source[:, :8], pixels[:3, :8])
    assert (shown.source[:, 8:] == 128).all()
    with pytest.raises(UserError, match="upload an image"):
        demo.translate(Source(), "AtoB", "trained", 0)


@pytest.mark.parametrize("turned", [False, True])
def test_uploads_are_treated_as_in_training(tmp_path: Path, turned: bool) -> None:
    demo, pixels = demo_of("gray"), torch.randint(256, (1, 30, 40), dtype=torch.uint8)
    stored = pixels.rot90(1, (1, 2)) if turned else pixels
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1  # 6: to be turned clockwise
    path = save(tmp_path / "photo.png", stored, exif=exif)
    fitted = demo.translate(Source(upload=path), "AtoB", "trained", 0)
    assert_close(fitted.source, resize_and_crop(pixels, SIZE))
    own = demo.translate(Source(upload=path), "AtoB", "own", 0)
    assert_close(own.source, pixels)
    assert_close(own.output, 255 - pixels)


def test_large_uploads_are_not_translated_at_their_own_size(tmp_path: Path) -> None:
    path = save(tmp_path / "large.png", torch.zeros(1, 1500, 1500, dtype=torch.uint8))
    with pytest.raises(UserError, match=r"^large.png has 1500x1500 pixels, too many"):
        demo_of("gray").translate(Source(upload=path), "AtoB", "own", 0)


def test_drawings_on_blank_paper() -> None:
    demo = demo_of("edges", channels=1)
    assert demo.colours("AtoB") == ["#ffffff", "#000000"]
    paint = strokes((8 * SIZE, 8 * SIZE), (0, 0, 63, 7), colour="#000000")
    shown = demo.translate(Source(paint=paint), "AtoB", "trained", 0)
    expected = torch.full((1, SIZE, SIZE), 255, dtype=torch.uint8)
    expected[:, 0, :8] = 0
    assert_close(shown.source, expected)
    assert_close(shown.output, 255 - expected)


def test_without_held_out_images(monkeypatch: pytest.MonkeyPatch) -> None:
    demo = demo_of("edges")

    def missing(_: Split) -> ImageDataset:
        raise UserError("no such folder")

    monkeypatch.setattr(demo.data, "load", missing)
    with pytest.raises(UserError, match="no such folder"):
        demo.examples("AtoB")
    assert (demo.translate(Source(), "AtoB", "trained", 0).source == 255).all()


def test_paint_means_nothing_on_a_photo() -> None:
    demo, paint = demo_of("gray"), strokes((SIZE, SIZE), (0, 0, 5, 5))
    assert demo.painting("AtoB") is None
    plain, painted = (demo.translate(Source(example=0, paint=x), "AtoB", "trained", 0) for x in (None, paint))
    assert (plain.source.int() - painted.source).abs().max() <= 1  # by rounding to 256 levels


def test_both_directions() -> None:
    demo = demo_of("edges")
    assert demo.directions == ["AtoB", "BtoA"]
    shown = demo.translate(Source(example=1), "BtoA", "trained", 0)
    assert shown.target is None
    assert_close(shown.source, demo.data.split("test").__getitems__([1]).real[0])


def test_palette_has_clearly_different_colours() -> None:
    images = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    images[:, 0, :3], images[:, 0, 3], images[0, 1, 7] = 250, 240, 200
    assert palette(images) == ["#000000", "#fa0000", "#00c800"]
    assert palette(images[:, :1]) == ["#000000", "#fafafa"]
