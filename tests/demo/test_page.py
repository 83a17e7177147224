"""``python -m gan.demo`` in a real browser: every control updates the images."""

import io
import re
import signal
import socket
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import gan
from tests.conftest import start_python

pytestmark = pytest.mark.long
pytest.importorskip("gradio", reason="gradio is not installed: pip install -e '.[demo]'")

Checkpoint = Callable[..., Path]
WAIT = 20_000  # milliseconds


def start_demo(*arguments: str) -> subprocess.Popen[str]:
    process = start_python("-m", "gan.demo", *arguments, "--no-browser", fresh=True)
    assert isinstance(process, subprocess.Popen)
    return process


@contextmanager
def running(process: subprocess.Popen[str], end: signal.Signals) -> Iterator[str]:
    """Yield the URL of a started demo; check that it prints nothing else, and that a signal ends it cleanly."""
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"Demo  (http://127\.0\.0\.1:\d+) \(Ctrl-C to stop\)\n", line)
        assert match, line + process.communicate()[1]
        yield match[1]
        process.send_signal(end)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "")
    finally:
        process.kill()


@contextmanager
def opened(browser: Any, url: str, tab: str = "look", ignored: str = "", **options: Any) -> Iterator[Any]:
    """Open the page at a tab; afterwards, check for errors, but an ignored one, and for requests to other hosts."""
    context = browser.new_context(**options)
    page, errors, requests = context.new_page(), [], []
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(url)
    page.locator(f"#{tab}-shown img").first.wait_for(timeout=WAIT)
    yield page
    assert [error for error in errors if error != ignored] == []
    assert [address for address in requests if not address.startswith((f"{url}/", "data:", "blob:"))] == []
    context.close()


@pytest.fixture(scope="module")
def processes(checkpoint: Checkpoint) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Two demos: one of two conditional generators, and one of points on a given port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    digits = start_demo(str(checkpoint("model=cgan")), str(checkpoint("model=cgan", "seed=1")))
    points = start_demo(str(checkpoint("data=ring8", "model=mlp_gan")), "--port", str(port))
    yield {"digits": digits, str(port): points}
    for process in (digits, points):
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def url(processes: dict[str, subprocess.Popen[str]]) -> Iterator[str]:
    """URL of the demo of two conditional generators."""
    with running(processes["digits"], signal.SIGTERM) as address:
        yield address


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:
    with opened(browser, url, viewport={"width": 1280, "height": 900}) as page:
        yield page


def sources(page: Any, tab: str) -> list[str]:
    return [image.get_attribute("src") for image in page.locator(f"#{tab}-shown img").all()]


def changed(page: Any, tab: str, before: list[str]) -> list[str]:
    """Wait until every image of a tab has changed; return the new ones."""
    for number, source in enumerate(before):
        image = page.locator(f"#{tab}-shown img").nth(number)
        image.and_(page.locator(f'#{tab}-shown img:not([src="{source}"])')).wait_for(timeout=WAIT)
    return sources(page, tab)


def move(page: Any, name: str, value: float) -> None:
    page.locator(f"#{name} input[type=range]").fill(str(value))


def choose(page: Any, name: str, choice: str) -> None:
    page.locator(f"#{name}").get_by_text(choice, exact=True).click()


def pixels(source: str) -> Any:
    with Image.open(io.BytesIO(b64decode(source.partition(",")[2]))) as image:
        return np.array(image)


def test_look_tab(page: Any, checkpoint: Checkpoint) -> None:
    generator = gan.load(checkpoint("model=cgan"))

    def exact(source: str, *arguments: Any, **options: Any) -> bool:
        picture = generator.picture(generator.sample(*arguments, **options)).permute(1, 2, 0).numpy()
        return picture.shape == pixels(source).shape and np.abs(picture.astype(int) - pixels(source)).max() <= 1

    assert page.title() == page.locator("h1").inner_text() == "CGAN on MNIST5k"
    first = sources(page, "look")
    assert exact(first[0], 100)
    history = [first]

    def after(act: Callable[..., None], name: str, value: Any) -> str:
        act(page, name, value)
        history.append(changed(page, "look", history[-1]))
        return history[-1][0]

    assert exact(after(move, "look-num", 9), 9)
    assert exact(after(move, "look-seed", 3), 9, seed=3)
    assert exact(after(move, "look-truncation", 0.5), 9, seed=3, truncation=0.5)
    assert exact(after(choose, "look-class", "4"), 9, [4], seed=3, truncation=0.5)
    unshifted = history[-1]
    for number in (1, 5):
        after(move, f"look-direction-{number}", 3)
    after(choose, "look-method", "Factorized")
    page.get_by_role("button", name="Reset directions").first.click()
    assert changed(page, "look", history[-1]) == unshifted, "the same settings give the same image"
    assert len({images[0] for images in history}) == len(history)
    page.get_by_role("button", name="Another seed").first.click()
    changed(page, "look", unshifted)


def test_morph_tab(page: Any) -> None:
    page.get_by_role("tab", name="Morph").click()
    before = sources(page, "morph")
    for act, name, value in (
        (move, "morph-start", 5),
        (choose, "morph-start-class", "2"),
    ):
        act(page, name, value)
        before = changed(page, "morph", before)
    move(page, "morph-t", 1)
    page.locator(f'#morph-shown .now img:not([src="{before[0]}"])').wait_for(timeout=WAIT)
    image, row = sources(page, "morph")
    assert row == before[1], "the row of images does not depend on the position"
    assert np.array_equal(pixels(image).squeeze(), pixels(row)[2:30, -30:-2, 0])
    for act, name, value in (
        (move, "morph-end", 6),
        (choose, "morph-end-class", "3"),
    ):
        act(page, name, value)
        changed(page, "morph", [image])
        image = sources(page, "morph")[0]


def test_compare_tab_and_downloads(page: Any) -> None:
    page.get_by_role("tab", name="Compare").click()
    before = sources(page, "compare")
    assert len(set(before)) == 2
    move(page, "compare-seed", 8)
    after = changed(page, "compare", before)
    figures = page.locator("#compare-shown figure")
    assert "step\n1" in figures.nth(0).inner_text()
    for number in (0, 1):
        with page.expect_download() as download:
            figures.nth(number).get_by_role("link", name="PNG").click()
        assert download.value.suggested_filename == f"samples-{'ab'[number]}-seed8.png"
        with Image.open(download.value.path()) as image:
            assert image.size == (5 * 30 + 2, 5 * 30 + 2)
            assert np.array_equal(np.array(image), pixels(after[number]))
    with page.expect_download() as download:
        figures.nth(0).get_by_role("link", name="NPZ").click()
    with np.load(download.value.path()) as arrays:
        assert arrays["images"].shape == (25, 28, 28, 1)


@pytest.mark.parametrize(("page_width", "density"), [(1280, 1), (390, 3)])
def test_integer_scaling_and_page_width(browser: Any, url: str, page_width: int, density: int) -> None:
    size = {"width": page_width, "height": 844}
    with opened(browser, url, viewport=size, device_scale_factor=density) as page:
        for tab in ("Look", "Morph", "Compare"):
            page.get_by_role("tab", name=tab).click()
            for image in page.locator(f"#{tab.lower()}-shown img").all():
                image.wait_for()
                width = image.bounding_box()["width"]
                scale = width * density / image.evaluate("image => image.naturalWidth")
                assert scale > 0.99
                assert abs(scale - round(scale)) < 0.01
                assert image.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
            assert page.evaluate("document.documentElement.scrollWidth") <= page_width
        page.get_by_role("tab", name="Look").click()
        page.locator("#look-direction-5").scroll_into_view_if_needed()
        assert page.locator("#look-shown img").bounding_box()["y"] >= 0, "the image stays visible"


def test_points_without_classes_and_shutdown_by_ctrl_c(browser: Any, processes: dict[str, Any]) -> None:
    port = next(name for name in processes if name.isdigit())
    with running(processes[port], signal.SIGINT) as url:
        assert url.endswith(f":{port}")
        with opened(browser, url) as page:
            assert page.get_by_role("tab").all_inner_texts() == ["Look", "Morph"]
            assert page.locator("#look-class").count() == 0
            before = sources(page, "look")
            move(page, "look-seed", 1)
            changed(page, "look", before)
            page.get_by_role("tab", name="Morph").click()
            before = sources(page, "morph")
            move(page, "morph-t", 0.2)
            changed(page, "morph", before)
        idle = browser.new_page()
        idle.goto(url)  # an open page does not block the shutdown
    idle.close()
