"""``python -m gan.demo`` as a user starts it, in a real browser: all that can be moved changes what is shown."""

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

pytest.importorskip("gradio", reason="gradio is not installed: pip install -e '.[demo]'")

Checkpoint = Callable[..., Path]
WAIT = 20_000  # milliseconds


def started(*arguments: str) -> subprocess.Popen[str]:
    return start_python("-m", "gan.demo", *arguments, "--no-browser")


@contextmanager
def running(process: subprocess.Popen[str], end: signal.Signals) -> Iterator[str]:
    """Yield the address of a demo that was started; it prints nothing else, and a signal ends it as it should."""
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"Demo  (http://127\.0\.0\.1:\d+) \(Ctrl-C ends it\)\n", line)
        assert found, line + process.communicate()[1]
        yield found[1]
        process.send_signal(end)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "")
    finally:
        process.kill()


@contextmanager
def opened(browser: Any, url: str, **options: Any) -> Iterator[Any]:
    """Open the page; at the end, nothing must have gone wrong in it, nor anything been asked for elsewhere."""
    context = browser.new_context(**options)
    page, wrong, asked = context.new_page(), [], []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.locator("#look-shown img").wait_for(timeout=WAIT)
    yield page
    assert wrong == []
    assert [at for at in asked if not at.startswith((f"{url}/", "data:", "blob:"))] == []
    context.close()


@pytest.fixture(scope="module")
def processes(checkpoint: Checkpoint) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Two demos that start side by side: of two conditional generators, and of one of points on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    digits = started(str(checkpoint("model=cgan")), str(checkpoint("model=cgan", "seed=1")))
    points = started(str(checkpoint("data=ring8", "model=mlp_gan")), "--port", str(port))
    yield {"digits": digits, str(port): points}
    for process in (digits, points):
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def url(processes: dict[str, subprocess.Popen[str]]) -> Iterator[str]:
    """The page of two conditional generators."""
    with running(processes["digits"], signal.SIGTERM) as address:
        yield address


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:
    with opened(browser, url, viewport={"width": 1280, "height": 900}) as page:
        yield page


def sources(page: Any, tab: str) -> list[str]:
    return [image.get_attribute("src") for image in page.locator(f"#{tab}-shown img").all()]


def changed(page: Any, tab: str, before: list[str]) -> list[str]:
    """Wait until every image of a tab is another."""
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


def test_looking(page: Any, checkpoint: Checkpoint) -> None:
    generator = gan.load(checkpoint("model=cgan"))

    def exact(source: str, *arguments: Any, **options: Any) -> bool:
        picture = generator.picture(generator.sample(*arguments, **options)).permute(1, 2, 0).numpy()
        return picture.shape == pixels(source).shape and np.abs(picture.astype(int) - pixels(source)).max() <= 1

    assert page.title() == page.locator("h1").inner_text() == "CGAN on MNIST5k"
    first = sources(page, "look")
    assert exact(first[0], 100)
    seen = [first]

    def then(act: Callable[..., None], name: str, value: Any) -> str:
        act(page, name, value)
        seen.append(changed(page, "look", seen[-1]))
        return seen[-1][0]

    assert exact(then(move, "look-num", 9), 9)
    assert exact(then(move, "look-seed", 3), 9, seed=3)
    assert exact(then(move, "look-truncation", 0.5), 9, seed=3, truncation=0.5)
    assert exact(then(choose, "look-class", "4"), 9, [4], seed=3, truncation=0.5)
    still = seen[-1]
    for number in (1, 5):
        then(move, f"look-direction-{number}", 3)
    then(choose, "look-method", "Factorized")
    page.get_by_role("button", name="Reset directions").first.click()
    assert changed(page, "look", seen[-1]) == still, "the same setting gives the same image"
    assert len({images[0] for images in seen}) == len(seen)
    page.get_by_role("button", name="Another seed").first.click()
    changed(page, "look", still)


def test_morphing(page: Any) -> None:
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
    now, strip = sources(page, "morph")
    assert strip == before[1], "the strip is that of the same way"
    assert np.array_equal(pixels(now).squeeze(), pixels(strip)[2:30, -30:-2, 0])
    for act, name, value in (
        (move, "morph-end", 6),
        (choose, "morph-end-class", "3"),
    ):
        act(page, name, value)
        changed(page, "morph", [now])
        now = sources(page, "morph")[0]


def test_comparing_and_downloading(page: Any) -> None:
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


@pytest.mark.parametrize(("width", "density"), [(1280, 1), (390, 3)])
def test_pixels_are_crisp_and_nothing_is_too_wide(browser: Any, url: str, width: int, density: int) -> None:
    size = {"width": width, "height": 844}
    with opened(browser, url, viewport=size, device_scale_factor=density) as page:
        for tab in ("Look", "Morph", "Compare"):
            page.get_by_role("tab", name=tab).click()
            for image in page.locator(f"#{tab.lower()}-shown img").all():
                image.wait_for()
                shown, natural = image.bounding_box()["width"], image.evaluate("image => image.naturalWidth")
                scale = shown * density / natural
                assert scale > 0.99
                assert abs(scale - round(scale)) < 0.01
                assert image.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("tab", name="Look").click()
        page.locator("#look-direction-5").scroll_into_view_if_needed()
        assert page.locator("#look-shown img").bounding_box()["y"] >= 0, "it stays in sight"


def test_points_without_classes_and_the_end_by_ctrl_c(browser: Any, processes: dict[str, Any]) -> None:
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
        idle.goto(url)  # an open page does not keep it from ending
    idle.close()
