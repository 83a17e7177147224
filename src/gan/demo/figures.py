"""Pictures and facts as HTML: images lie in the page itself, so that nothing is written anywhere to show them."""

import html
from base64 import b64encode
from urllib.parse import urlencode

from pydantic import BaseModel
from torch import Tensor

from gan.demo.about import facts, title
from gan.demo.files import png, strip
from gan.demo.views import Explorer, Morph, View
from gan.trained import TrainedGenerator

__all__ = ["card", "heading", "morphed", "samples"]


def heading(generator: TrainedGenerator) -> str:
    """Say what is loaded."""
    return f"<header><h1>{html.escape(title(generator))}</h1>{card(generator)}</header>"


def card(generator: TrainedGenerator) -> str:
    """List what is known of a generator."""
    known = "".join(
        f"<div><dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd></div>" for k, v in facts(generator).items()
    )
    return f'<dl class="facts">{known}</dl><code class="path">{html.escape(str(generator.path))}</code>'


def samples(explorers: list[Explorer], view: View) -> str:
    """Show what each generator makes of a view, side by side."""
    figures = []
    for number, explorer in enumerate(explorers):
        generator = explorer.generator
        picture = generator.picture(explorer.images(*explorer.noise(view)))
        name = f"{'AB'[number]} · {title(generator)}" if len(explorers) > 1 else ""
        head = f"<h2>{html.escape(name)}</h2>{card(generator)}" if name else ""
        links = _links(number, "samples", view, [".png", ".npz"])
        figures.append(f"<figure>{head}{_image(picture, 'samples', generator.data.pixels)}{links}</figure>")
    return f'<div class="figures of-{len(figures)}">{"".join(figures)}</div>'


def morphed(explorer: Explorer, morph: Morph) -> str:
    """Show the image at t, and the strip that it is part of."""
    data = explorer.generator.data
    now, frames = explorer.morph(morph)
    ends = [
        f"seed {seed}" + ("" if label is None else f", class {label}")
        for seed, label in ((morph.start, morph.start_label), (morph.end, morph.end_label))
    ]
    row = _image(strip(data, frames), "strip", data.pixels)
    links = _links(0, "morph", morph, [".png", ".gif", ".npz"] if data.pixels else [".png", ".npz"])
    if not data.pixels:
        return f'<div class="figures of-1"><figure>{row}{links}</figure></div>'
    place = f"--t: {morph.t}; --steps: {len(frames)}"
    caption = f"<figcaption><span>{ends[0]}</span><span>{ends[1]}</span></figcaption>"
    film = f'<div class="strip" style="{place}">{row}<i></i>{caption}</div>'
    image = _image(strip(data, now), "now", True)
    return f'<div class="figures of-1"><figure>{image}{film}{links}</figure></div>'


def _image(picture: Tensor, name: str, pixels: bool) -> str:
    source = f"data:image/png;base64,{b64encode(png(picture)).decode()}"
    size = f"--w: {picture.shape[2]}; --h: {picture.shape[1]}"
    return f'<img class="{name} {"pixels" if pixels else "plot"}" style="{size}" alt="{name}" src="{source}">'


def _links(number: int, name: str, asked: BaseModel, endings: list[str]) -> str:
    query = html.escape(urlencode(asked.model_dump(exclude_none=True), doseq=True))
    links = (f'<a href="{number}/{name}{ending}?{query}" download>{ending[1:].upper()}</a>' for ending in endings)
    return f'<nav class="downloads">Download {"".join(links)}</nav>'
