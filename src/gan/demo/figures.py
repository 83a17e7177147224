"""HTML of facts and figures; images are embedded in the page, so that no files are written."""

import html
from base64 import b64encode
from urllib.parse import urlencode

import torch
from pydantic import BaseModel
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.demo.encoding import image_row
from gan.demo.generator import DemoGenerator
from gan.demo.settings import MorphSettings, SampleSettings
from gan.demo.summary import facts, title
from gan.demo.translator import Translated
from gan.images import encode_png, to_uint8

__all__ = ["data_url", "example_buttons", "heading", "morph_figure", "problem", "sample_figures", "translation_figures"]


def heading(generators: list[TrainedGenerator]) -> str:
    """Return the page's heading: facts about the first generator, and the paths of all."""
    first = generators[0]
    paths = " and ".join(_path(generator) for generator in generators)
    return f'<header class="about"><h1>{html.escape(title(first))}</h1>{_list(facts(first))}{paths}</header>'


def sample_figures(generators: list[DemoGenerator], settings: SampleSettings) -> str:
    """Return the samples of each generator side by side."""
    figures = []
    for index, demo in enumerate(generators):
        generator = demo.generator
        picture = generator.picture(demo.images(demo.inputs(settings)))
        caption = _caption(generator, "AB"[index]) if len(generators) > 1 else ""
        links = _links(index, "samples", settings, [".png", ".npz"])
        figures.append(f"<figure>{caption}{_image(picture, 'samples', generator.data.pixels)}{links}</figure>")
    return f'<div class="figures of-{len(figures)}">{"".join(figures)}</div>'


def morph_figure(demo: DemoGenerator, settings: MorphSettings) -> str:
    """Return the image at position t above a row of images along the path."""
    data = demo.generator.data
    image, frames = demo.morph(settings)
    links = _links(0, "morph", settings, [".png", ".gif", ".npz"] if data.pixels else [".png", ".npz"])
    row = image_row(data, frames)
    if not data.pixels:
        return f'<div class="figures of-1"><figure>{_image(row, "strip", False)}{links}</figure></div>'
    start, end = _end(settings.start, settings.start_label), _end(settings.end, settings.end_label)
    marker = f'<i class="mark" style="--t: {settings.t}; --steps: {len(frames)}"></i>'
    axis = f'{marker}<div class="ends"><span>{start}</span><span>{end}</span></div>'
    images = _image(data.discretize(image[0]), "now", True) + _image(row, "strip", True, axis)
    return f'<div class="figures of-1"><figure>{images}{links}</figure></div>'


def translation_figures(translations: list[Translated]) -> str:
    """Return a source image beside its translation by each generator, and the target if there is one."""
    first = translations[0]
    of = [""] if len(translations) == 1 else [" of A", " of B"]
    if all(torch.equal(first.source, other.source) for other in translations):
        pictures = {"Input": first.source}
    else:  # their data differ
        pictures = {f"Input{which}": translated.source for which, translated in zip(of, translations, strict=True)}
    pictures |= {f"Output{which}": translated.output for which, translated in zip(of, translations, strict=True)}
    if first.target is not None:
        pictures["Target"] = first.target
    figures = []
    for caption, picture in pictures.items():
        name = caption.lower().replace(" ", "-")
        link = f'<nav class="downloads"><a href="{data_url(picture)}" download="{name}.png">PNG</a></nav>'
        figures.append(f"<figure><h2>{caption}</h2>{_image(picture, name, True)}{link}</figure>")
    return f'<div class="figures translation">{"".join(figures)}</div>'


def example_buttons(pictures: Tensor) -> str:
    """Return a button for each of some images, in [-1, 1] with shape (N, C, H, W)."""
    buttons = "".join(
        f'<button type="button" data-index="{index}" title="Held-out image {index}">'
        f'<img alt="Held-out image {index}" src="{data_url(picture)}"></button>'
        for index, picture in enumerate(to_uint8(pictures))
    )
    return f'<p>Held-out images</p><div class="examples">{buttons}</div>'


def problem(error: Exception) -> str:
    """Return an error in the place of a figure."""
    return f'<p class="problem" role="alert">{html.escape(str(error))}</p>'


def data_url(picture: Tensor) -> str:
    """Return an image, uint8 with shape (C, H, W), as a PNG within a URL."""
    return f"data:image/png;base64,{b64encode(encode_png(picture)).decode()}"


def _end(seed: int, label: int | None) -> str:
    return f"seed {seed}" + ("" if label is None else f", class {label}")


def _caption(generator: TrainedGenerator, letter: str) -> str:
    progress = {name: fact for name, fact in facts(generator).items() if name in ("step", "score")}
    return f"<h2>{letter} · {html.escape(title(generator))}</h2>{_list(progress)}{_path(generator)}"


def _list(values: dict[str, str]) -> str:
    pairs = (f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>" for name, value in values.items())
    return f'<dl class="facts">{"".join(pairs)}</dl>'


def _path(generator: TrainedGenerator) -> str:
    return f'<code class="path">{html.escape(str(generator.path))}</code>'


def _image(picture: Tensor, name: str, pixels: bool, footer: str = "") -> str:
    """Return an image, uint8 with shape (C, H, W), above a footer of the same width."""
    size = f"--w: {picture.shape[2]}; --h: {picture.shape[1]}"
    kind = "pixels" if pixels else "plot"
    return f'<div class="{kind} {name}" style="{size}"><img alt="{name}" src="{data_url(picture)}">{footer}</div>'


def _links(index: int, name: str, settings: BaseModel, suffixes: list[str]) -> str:
    query = html.escape(urlencode(settings.model_dump(exclude_none=True), doseq=True))
    links = (f'<a href="{index}/{name}{suffix}?{query}" download>{suffix[1:].upper()}</a>' for suffix in suffixes)
    return f'<nav class="downloads"><span>Download</span>{"".join(links)}</nav>'
