"""Pages of runs: their content, that they are self-contained, and their behaviour in a browser."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from gan.report.page import is_current, write_page
from gan.report.templates import save
from gan.runs.folder import RunFolder
from gan.runs.record import read_run
from gan.runs.writing import WriteError
from tests.conftest import TINY, Run, run_here

STEPS = ["trainer.max_steps=6", "trainer.log_every_n_steps=2", "evaluate.every_n_steps=1"]
Train = Callable[..., Run]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A tiny run."""
    folder = tmp_path_factory.mktemp("page") / "run"
    options = ["model=dcgan", "loss=wgan_gp", "optimizer.generator.lr=3e-4", *TINY, *STEPS]
    done = run_here("train.py", *options, f"hydra.run.dir={folder}", folder=folder)
    assert done.status == 0, done.err
    return done


@contextmanager
def opened(browser: Any, path: Path, width: int = 1280, **options: Any) -> Iterator[Any]:
    """Open a page, and check afterwards that it logged nothing and requested no other file."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page, messages, requests = context.new_page(), [], []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    yield page
    context.close()
    assert messages == []
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]


def words(path: Path) -> str:
    """Return the visible text of a page."""
    text = re.sub(r"(?s)<(script|style)>.*?</\1>", "", path.read_text())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_content(run: Run) -> None:
    assert f"Page     {run.folder / 'report.html'}" in run.out
    results, text = run.results, words(run.folder / "report.html")
    for group in ("model= dcgan", "loss= wgan_gp", "data= mnist5k", "trainer= cpu", "seed= 0"):
        assert group in text
    assert "optimizer.generator.lr 0.0003 0.002" in text
    assert "model.generator.width 8 32" in text
    assert "model.discriminator.width" not in text.partition("Curves")[0], "it follows from the generator"
    assert f"{results['score']:.4g}" in text
    assert f"best, at step {results['best_step']}" in text
    assert f"{results['baselines']['held_out']:.4g}" in text
    assert f"{results['baselines']['noise']:.4g}" in text
    titles = ("Losses", "D's accuracy", "Wasserstein estimate", "Gradient norms", "Throughput")
    assert all(f"{title} " in text for title in titles)
    assert "fake images 64" in text
    assert f"torch {results['versions']['torch']}" in text
    assert f"python train.py model=dcgan loss=wgan_gp optimizer.generator.lr=3e-4 {TINY[0]}" in text
    assert f"ckpt={run.folder / 'checkpoints' / 'last.ckpt'} trainer.max_steps=12" in text
    assert f"python -m gan.sample {run.folder / 'checkpoints' / 'best.ckpt'}" in text
    assert "critic_steps: 5" in text, "the complete configuration"


def test_images(run: Run) -> None:
    page = (run.folder / "report.html").read_text()
    assert re.findall(r'alt="Samples at step (\d+)" data-step', page) == ["1", "2", "3", "4", "5", "6"]
    assert 'alt="Samples beside their nearest training images"' in page
    neighbors = run.results["neighbors"]
    assert (neighbors["searched"], neighbors["training_images"]) == (4000, 4000)
    assert "in pixel space, from 4,000 training images." in words(run.folder / "report.html")
    assert (run.folder / "report.html").stat().st_size < 3_000_000


def test_page_is_self_contained(run: Run) -> None:
    page = (run.folder / "report.html").read_text()
    assert set(re.findall(r'(?:src|href|action|poster)\s*=\s*"([^":]*:?)', page)) == {"data:"}
    assert not re.search(r"https?://|@import|url\(|<link[^>]+stylesheet|<script[^>]+src", page)
    assert not list(run.folder.glob("*.partial"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_fits_the_screen(run: Run, browser: Any, width: int, scheme: str) -> None:
    with opened(browser, run.folder / "report.html", width, color_scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        assert page.evaluate(f"{wide}.map(e => e.outerHTML.slice(0, 90))") == []
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        sizes = page.evaluate(
            "[...document.querySelectorAll('.plot span')].map(e => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert min(sizes) >= 12
        plots = page.evaluate("[...document.querySelectorAll('.plot svg')].map(e => e.getBoundingClientRect().width)")
        assert len(plots) == 6
        assert min(plots) > 240
        shade = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        assert (max(shade) < 60) if scheme == "dark" else (min(shade) > 200)


def test_animation(run: Run, browser: Any) -> None:
    seen = "[...document.querySelectorAll('.frames img')].filter(i => i.offsetHeight).map(i => i.dataset.step)"
    with opened(browser, run.folder / "report.html") as page:
        slider, button = page.locator(".animation input"), page.locator(".animation button")
        assert (page.evaluate(seen), page.locator(".animation .step").text_content()) == (["6"], "6")
        slider.fill("2")
        assert (page.evaluate(seen), page.locator(".animation .step").text_content()) == (["3"], "3")
        slider.press("ArrowLeft")
        assert page.evaluate(seen) == ["2"]
        button.click()
        assert button.get_attribute("aria-label") == "Pause"
        page.wait_for_function(f"({seen})[0] === '4'")
        button.click()
        held = page.evaluate(seen)
        page.wait_for_timeout(1000)
        assert page.evaluate(seen) == held, "it is paused"
        button.click()
        page.wait_for_function(f"({seen})[0] === '6'")
        assert button.get_attribute("aria-label") == "Play", "it stops at the last frame"


def test_last_frame_without_scripts(run: Run, browser: Any) -> None:
    with opened(browser, run.folder / "report.html", java_script_enabled=False) as page:
        visible = [image for image in page.locator(".frames img").all() if image.is_visible()]
        assert [image.get_attribute("data-step") for image in visible] == ["6"]
        assert not page.locator(".controls").is_visible()


def test_tooltip(run: Run, browser: Any) -> None:
    with opened(browser, run.folder / "report.html") as page:
        plot = page.locator(".plot").first
        box = plot.bounding_box()
        assert box is not None
        plot.hover(position={"x": box["width"] - 2, "y": 50})
        shown = plot.locator(".tooltip")
        assert shown.is_visible()
        assert f"{run.results['scores']['6']['fd_classifier']:.4g}" in shown.inner_text()


def test_run_without_evaluation(train: Train) -> None:
    run = train(*TINY, *STEPS, "callbacks.evaluation=null")
    text = words(run.folder / "report.html")
    assert "Finished" in text
    assert "Nothing was evaluated in this run." in text
    assert "Losses" in text
    assert "Protocol" not in text


def test_run_without_images_and_curves(train: Train, browser: Any) -> None:
    off = ["callbacks.evaluation=null", "callbacks.samples=null", "callbacks.neighbors=null", "callbacks.stop=null"]
    run = train(*TINY, *STEPS, *off, "callbacks.monitor=null")
    assert run.status == 0, run.err
    with opened(browser, run.folder / "report.html") as page:
        assert page.locator("figure").count() == 0
        assert page.locator("h1").text_content() == "dcgan-non_saturating"


def test_points_have_no_neighbors(train: Train, browser: Any) -> None:
    run = train(*TINY, *STEPS, "model=mlp_gan", "data=ring8")
    assert run.status == 0, run.err
    assert run.results["neighbors"] is None
    assert not (run.folder / "neighbors.png").exists()
    text = words(run.folder / "report.html")
    assert "modes higher is better" in text
    assert "Nearest neighbours" not in text
    with opened(browser, run.folder / "report.html", 390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.locator(".frames img").count() == 6
        assert page.locator("img.pixelated").count() == 0


def test_resumed_run_has_the_commands_of_both_parts(train: Train) -> None:
    folder = train(*TINY, *STEPS, "loss=hinge").folder
    before = words(folder / "report.html")
    again = train(f"ckpt={folder}", "trainer.max_steps=8", name="run")
    assert again.status == 0, again.err
    text, page = words(folder / "report.html"), (folder / "report.html").read_text()
    assert "loss= hinge" in text, "from the first command"
    assert f"python train.py {TINY[0]}" in text
    assert f"python train.py ckpt={folder} trainer.max_steps=8" in text
    assert "trainer.max_steps 8 1800" in text
    assert "trainer.max_steps 6 1800" in before
    assert re.findall(r'data-step="(\d+)"', page) == [str(step) for step in range(1, 9)]


def test_failed_run(train: Train, tmp_path: Path, browser: Any) -> None:
    diverging = ["loss=wgan", "loss.constraint=null", "optimizer=sgd", "optimizer.discriminator.lr=1e3"]
    run = train(*TINY, *STEPS, "model=mlp_gan", *diverging)
    assert run.status == 2
    assert not (run.folder / "report.html").exists()
    assert run_here("-m", "gan.report", str(run.folder), "--out", str(tmp_path / "out")).status == 0
    text = words(run.folder / "report.html")
    assert text.startswith("mlp_gan-wgan Failed")
    assert (run.folder / "error.txt").read_text().strip() in text
    assert "optimizer.discriminator.lr 1000" in text
    with opened(browser, run.folder / "report.html", 390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_error_hides_earlier_results(run: Run, tmp_path: Path) -> None:
    """The run finished, and failed when it was resumed."""
    for name in ("config.yaml", "results.json", "metrics.csv"):
        (tmp_path / name).write_text((run.folder / name).read_text())
    (tmp_path / "error.txt").write_text("OSError: <disk> full\n")
    text = words(write_page(read_run(tmp_path)))
    assert "Failed" in text
    assert "OSError: <disk> full" in text, "escaped"
    assert "best, at step" not in text


def test_unfinished_run(run: Run, tmp_path: Path) -> None:
    for name in ("config.yaml", "metrics.csv"):
        (tmp_path / name).write_text((run.folder / name).read_text())
    text = words(write_page(read_run(tmp_path)))
    assert "Unfinished" in text
    assert "still running, or killed" in text
    assert "fd_classifier, at step 6" in text


def test_stopped_run(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text((run.folder / "config.yaml").read_text())
    results = run.results | {"stopped": "at step 6: no better score"}
    (tmp_path / "results.json").write_text(json.dumps(results))
    text = words(write_page(read_run(tmp_path)))
    assert "Stopped early" in text
    assert "at step 6: no better score" in text


def test_page_is_current_until_a_source_changes(run: Run) -> None:
    folder = RunFolder(run.folder)
    assert is_current(folder)
    assert not is_current(RunFolder(folder.samples))
    folder.metrics.touch()
    assert not is_current(folder)
    write_page(read_run(run.folder))
    assert is_current(folder)


def test_an_error_in_the_page_does_not_fail_the_run(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Path:
        raise KeyError("a bug")

    monkeypatch.setattr("gan.training.write_page", fail)
    run = train(*TINY, "trainer.max_steps=1")
    assert run.status == 0
    assert run.results["global_step"] == 1
    assert "report.html could not be written (KeyError: 'a bug')" in run.out + run.err
    assert "Page " not in run.out


def test_pages_are_written_atomically(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save("before", tmp_path / "report.html")
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(WriteError, match=r"cannot write .*report\.html .*no space"):
        save("after", tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "before"


@pytest.mark.long
def test_comparison(train: Train, tmp_path: Path, browser: Any) -> None:
    options = [*TINY, "trainer.max_steps=2", "trainer.log_every_n_steps=1", "evaluate.every_n_steps=1", "model=mlp_gan"]
    for seed in (0, 1):
        assert train(*options, f"seed={seed}", name=f"runs/{seed}").status == 0
    assert train(*options, "loss=hinge", name="runs/hinge run").status == 0
    diverging = ["loss=wgan", "loss.constraint=null", "optimizer=sgd", "optimizer.discriminator.lr=1e3"]
    assert train(*options, *diverging, name="runs/failed").status == 2
    (tmp_path / "runs" / "1" / "report.html").unlink()
    done = run_here("-m", "gan.report", str(tmp_path / "runs"), "--out", str(tmp_path / "out"))
    assert done.status == 0, done.err
    assert str(tmp_path / "out" / "report.html") in done.out

    page, text = (tmp_path / "out" / "report.html").read_text(), words(tmp_path / "out" / "report.html")
    links = re.findall(r'<a href="([^"]+)"', page)
    assert sorted(links) == [f"../runs/{name}/report.html" for name in ("0", "1", "failed", "hinge%20run")]
    scores = {seed: Run(0, "", "", tmp_path / "runs" / str(seed)).results["score"] for seed in (0, 1)}
    best = min(scores, key=lambda seed: scores[seed])
    assert re.search(rf"{scores[best]:.4g} at step \d, seed {best}", text), "samples are of the best seed"
    assert "1 of 1 failed" in text
    assert (tmp_path / "runs" / "failed" / "error.txt").read_text().strip() in text
    for width in (390, 1280):
        with opened(browser, tmp_path / "out" / "report.html", width) as shown:
            assert shown.evaluate("document.documentElement.scrollWidth") == width
            assert shown.locator("figure.picture img").count() == 2
            assert shown.locator(".plot").count() == 2
    context = browser.new_context()
    shown = context.new_page()
    shown.goto((tmp_path / "out" / "report.html").as_uri())
    shown.get_by_role("link").nth(0).click()
    assert shown.locator("h1").text_content().startswith("mlp_gan-")
    context.close()
