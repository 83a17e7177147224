"""Canvas that is drawn on, over a picture.

Gradio's own editors draw through WebGL at the size of the screen, and open whatever they are sent by Pillow. This one
keeps the picture's pixels visible, and sends strokes alone.
"""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

__all__ = ["canvas"]

FOLDER = Path(__file__).parent
SCRIPT, STYLE = ((FOLDER / f"canvas.{suffix}").read_text(encoding="utf-8") for suffix in ("js", "css"))


def canvas(label: str, colours: Sequence[str], any_colour: bool, hole: bool, brush: float, **settings: Any) -> gr.HTML:
    """Lay out a canvas, whose value is ``{"example": ..., "paint": ...}`` and whose event ``input`` follows a stroke.

    Args:
        label: Text above the canvas.
        colours: Colours of the brush, as ``#rrggbb``; the first one is chosen.
        any_colour: Whether further colours can be chosen.
        hole: Whether paint marks a hole, through which the picture is seen.
        brush: Width of the brush at first, in percent of the shorter side.
        **settings: Arguments of gr.HTML.
    """
    brushes = "".join(_brush(colour, "Hole" if hole else f"Colour {colour}") for colour in colours)
    further = '<label class="any" title="Another colour">+ <input type="color"></label>' if any_colour else ""
    template = (
        f"<p>{html.escape(label)}</p>"
        f'<div class="sheet{" hole" if hole else ""}"><img alt=""><canvas></canvas></div>'
        f'<div class="tools">{brushes}{further}'
        '<button type="button" data-act="erase">Erase</button>'
        '<button type="button" data-act="undo">Undo</button>'
        '<button type="button" data-act="clear">Clear</button>'
        f'<label class="size">Brush <input type="range" min="1" max="40" step="0.1" value="{brush:.1f}"></label></div>'
    )
    return gr.HTML(html_template=template, css_template=STYLE, js_on_load=SCRIPT, **settings)


def _brush(colour: str, name: str) -> str:
    return (
        f'<button type="button" data-colour="{colour}" style="--colour: {colour}" '
        f'title="{name}" aria-label="{name}"></button>'
    )
