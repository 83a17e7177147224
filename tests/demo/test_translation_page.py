"""``python -m gan.demo`` in a real browser, for models that translate images."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gan
from tests.demo.test_page import WAIT, changed, move, opened, pixels, running, sources, start_demo

pytestmark = pytest.mark.long
pytest.importorskip("gradio", reason="gradio is not installed: pip install -e '.[demo]'")

Checkpoint = Callable[..., Path]
INPAINTING = ("model=pix2pix", "data=degraded_digits")
UNPAIRED = ("model=cyclegan", "model.generator.a_to_b.width=4")
GRADIO_WARNING = "Method not implemented."  # after each upload


@pytest.fixture(scope="module")
def processes(checkpoint: Checkpoint) -> Iterator[list[subprocess.Popen[str]]]:
    """Two demos, of a model that fills holes and of one with two directions."""
    started = [start_demo(str(checkpoint(*options))) for options in (INPAINTING, UNPAIRED)]
    yield started
    for process in started:
        process.kill()
        process.communicate()


def draw(page: Any, *points: tuple[float, float]) -> None:
    """Draw a stroke through points, from 0 to 1 across the canvas."""
    canvas = page.locator("#translate-canvas canvas")
    canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'end' })")  # not beneath the images of a narrow page
    box = canvas.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def upload(page: Any, file: Any) -> None:
    """Choose a file, in the place of one that was chosen before."""
    if page.locator("#translate-upload input[type=file]").count() == 0:
        page.locator("#translate-upload").get_by_role("button", name="Clear").click()
    page.locator("#translate-upload input[type=file]").set_input_files(file)


def test_holes(browser: Any, processes: list[Any], checkpoint: Checkpoint, tmp_path: Path) -> None:
    generator = gan.load(checkpoint(*INPAINTING))
    with (
        running(processes[0], signal.SIGTERM) as url,
        opened(browser, url, "translate", GRADIO_WARNING, viewport={"width": 1280, "height": 1400}) as page,
    ):
        shown = sources(page, "translate")
        assert page.locator("#translate-shown h2").all_inner_texts() == ["Input", "Output", "Target"]
        assert (pixels(shown[0])[14:] == 128).all(), "the lower half"
        page.locator("#translate-examples button").nth(2).click()
        shown = changed(page, "translate", shown)
        whole = pixels(shown[2])

        draw(page, (0.1, 0.5), (0.9, 0.5))
        page.locator("#translate-shown figure").nth(2).wait_for(timeout=WAIT)
        shown = changed(page, "translate", shown[:2])
        hole = pixels(shown[0]) == 128
        assert hole[13:15, 4:24].all()
        assert np.array_equal(pixels(shown[0])[~hole], whole[~hole])
        page.get_by_role("button", name="Clear", exact=True).first.click()
        shown = changed(page, "translate", shown[:2])
        assert (pixels(shown[0])[14:] == 128).all()
        before = shown[1:2]
        move(page, "translate-seed", 5)
        page.locator(f'#translate-shown .output img:not([src="{before[0]}"])').wait_for(timeout=WAIT)

        photo = Image.fromarray(np.random.default_rng(0).integers(256, size=(60, 40, 4), dtype=np.uint8))
        alpha = Image.new("L", photo.size, 255)
        alpha.paste(0, (0, 0, 40, 30))
        photo.putalpha(alpha)
        photo.save(tmp_path / "photo.png")
        upload(page, tmp_path / "photo.png")
        page.locator("#translate-shown figure").nth(2).wait_for(state="detached", timeout=WAIT)
        page.locator("#translate-size").get_by_text("Its own").click()
        shown = changed(page, "translate", sources(page, "translate"))
        expected = generator.translate(tmp_path / "photo.png", seed=5)[0]
        output = pixels(shown[1])
        assert output.shape == (60, 40)
        assert np.abs(output - (expected[0].numpy() + 1) * 127.5).max() < 1.5
        for file in (
            {"name": "evil.svg", "mimeType": "image/svg+xml", "buffer": b"<svg xmlns='http://www.w3.org/2000/svg'/>"},
            {"name": "evil.png", "mimeType": "image/png", "buffer": b"<script>"},
        ):
            upload(page, file)
            page.get_by_text(f"cannot read the image {file['name']}").wait_for(timeout=WAIT)


def test_drawings_in_both_directions_on_a_narrow_page(browser: Any, processes: list[Any]) -> None:
    size = {"width": 390, "height": 844}
    with (
        running(processes[1], signal.SIGTERM) as url,
        opened(browser, url, "translate", viewport=size, device_scale_factor=3, has_touch=True) as page,
    ):
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.locator("#translate-seed").count() == 0, "the model has no noise"
        shown = sources(page, "translate")
        page.locator("#translate-direction").get_by_text("B to A").click()
        shown = changed(page, "translate", shown)
        page.get_by_role("button", name="Blank paper").click()
        shown = changed(page, "translate", shown)
        assert (pixels(shown[0]) == 0).all()
        draw(page, (0.5, 0.2), (0.5, 0.8))
        shown = changed(page, "translate", shown)
        assert (pixels(shown[0])[8:20, 13:15] > 200).all()
        page.get_by_role("button", name="Undo").click()
        assert (pixels(changed(page, "translate", shown)[0]) == 0).all()
