"""Pictures and facts as HTML: images lie in the page itself, so that nothing is written anywhere to show them."""

import html
from base64 import b64encode
from urllib.parse import urlencode

from pydantic import BaseModel
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.demo.about import facts, title
from gan.demo.files import strip
from gan.demo.views import Explorer, Morph, View
from gan.images import encode_png

__all__ = ["heading", "morphed", "samples"]


def heading(generators: list[TrainedGenerator]) -> str:
    """Say what is loaded; of two, the paths of both."""
    first = generators[0]
    paths = " and ".join(_path(generator) for generator in generators)
    return f'<header class="about"><h1>{html.escape(title(first))}</h1>{_list(facts(first))}{paths}</header>'


def samples(explorers: list[Explorer], view: View) -> str:
    """Show what each generator makes of a view, side by side."""
    figures = []
    for number, explorer in enumerate(explorers):
        generator = explorer.generator
        picture = generator.picture(explorer.images(*explorer.noise(view)))
        head = _caption(generator, "AB"[number]) if len(explorers) > 1 else ""
        links = _links(number, "samples", view, [".png", ".npz"])
        figures.append(f"<figure>{head}{_image(picture, 'samples', generator.data.pixels)}{links}</figure>")
    return f'<div class="figures of-{len(figures)}">{"".join(figures)}</div>'


def morphed(explorer: Explorer, morph: Morph) -> str:
    """Show the image at t, and the strip that it is part of."""
    data = explorer.generator.data
    now, frames = explorer.morph(morph)
    links = _links(0, "morph", morph, [".png", ".gif", ".npz"] if data.pixels else [".png", ".npz"])
    row = strip(data, frames)
    if not data.pixels:
        return f'<div class="figures of-1"><figure>{_image(row, "strip", False)}{links}</figure></div>'
    ends = (_end(morph.start, morph.start_label), _end(morph.end, morph.end_label))
    mark = f'<i class="mark" style="--t: {morph.t}; --steps: {len(frames)}"></i>'
    below = f'{mark}<div class="ends"><span>{ends[0]}</span><span>{ends[1]}</span></div>'
    shown = _image(data.discretize(now[0]), "now", True) + _image(row, "strip", True, below)
    return f'<div class="figures of-1"><figure>{shown}{links}</figure></div>'


def _end(seed: int, label: int | None) -> str:
    return f"seed {seed}" + ("" if label is None else f", class {label}")


def _caption(generator: TrainedGenerator, letter: str) -> str:
    known = {name: fact for name, fact in facts(generator).items() if name in ("step", "score")}
    return f"<h2>{letter} · {html.escape(title(generator))}</h2>{_list(known)}{_path(generator)}"


def _list(known: dict[str, str]) -> str:
    pairs = (f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(fact)}</dd></div>" for name, fact in known.items())
    return f'<dl class="facts">{"".join(pairs)}</dl>'


def _path(generator: TrainedGenerator) -> str:
    return f'<code class="path">{html.escape(str(generator.path))}</code>'


def _image(picture: Tensor, name: str, pixels: bool, below: str = "") -> str:
    """Show a picture, uint8 with shape (C, H, W), and what has its width."""
    source = f"data:image/png;base64,{b64encode(encode_png(picture)).decode()}"
    size = f"--w: {picture.shape[2]}; --h: {picture.shape[1]}"
    kind = "pixels" if pixels else "plot"
    return f'<div class="{kind} {name}" style="{size}"><img alt="{name}" src="{source}">{below}</div>'


def _links(number: int, name: str, asked: BaseModel, endings: list[str]) -> str:
    query = html.escape(urlencode(asked.model_dump(exclude_none=True), doseq=True))
    links = (f'<a href="{number}/{name}{ending}?{query}" download>{ending[1:].upper()}</a>' for ending in endings)
    return f'<nav class="downloads"><span>Download</span>{"".join(links)}</nav>'
