"""Tab of the page for generators that translate images: upload, examples, canvas, direction and seed."""

from typing import Any

import gradio as gr
import torch

from gan.checkpoint.translation import Direction
from gan.demo.canvas import canvas
from gan.demo.controls import listen, seed_slider
from gan.demo.figures import data_url, example_buttons, problem, translation_figures
from gan.demo.painting import brush_of, to_pixels
from gan.demo.translator import DemoTranslator, Size, Source
from gan.errors import UserError

__all__ = ["translation_tab"]

DIRECTIONS: dict[str, Direction] = {"A to B": "AtoB", "B to A": "BtoA"}
HOLE = "#d6246e"  # paint of holes
EXAMPLES_SCRIPT = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) trigger("select", { index: Number(button.dataset.index) });
});
"""


def translation_tab(demos: list[DemoTranslator]) -> None:
    """Lay out the translation of an image by one generator, or by two that are compared."""
    page, first = Translation(demos), demos[0]
    painting = first.painting("AtoB")
    height, width = first.image_size("AtoB")
    with gr.Row(elem_classes="tab"):
        with gr.Column(scale=1, min_width=300, elem_classes="controls"):
            direction = gr.Radio(
                [(name, direction) for name, direction in DIRECTIONS.items() if direction in first.directions],
                value="AtoB",
                label="Direction",
                visible=len(first.directions) > 1,
                elem_id="translate-direction",
            )
            examples = gr.HTML(page.examples("AtoB"), js_on_load=EXAMPLES_SCRIPT, elem_id="translate-examples")
            paper = canvas(
                "Paint the hole" if painting == "hole" else "Draw",
                [HOLE] if painting == "hole" else page.brushes(),
                any_colour=painting == "drawing" and first.in_colour,
                hole=painting == "hole",
                brush=brush_of(first.data),
                visible=painting is not None,
                elem_id="translate-canvas",
            )
            blank = gr.Button("Blank paper", size="sm", visible=painting == "drawing", elem_id="translate-blank")
            upload = gr.File(label="Your own image", height=140, elem_id="translate-upload")
            size = gr.Radio(
                [(f"As in training, {width} × {height}", "trained"), ("Its own", "own")],
                value="trained",
                label="Size of your image",
                elem_id="translate-size",
            )
            seed = seed_slider("translate") if first.has_noise else gr.Number(0, visible=False)
        with gr.Column(scale=2, min_width=320, elem_classes="shown"):
            figures = gr.HTML(elem_id="translate-shown")

    settings = [direction, size, seed]
    paper.value, figures.value = page.show(page.first_source("AtoB"), "AtoB", "trained", 0)

    def repaint(value: dict[str, Any], path: str | None, *settings: Any) -> str:
        return page.figures(Source.model_validate({**value, "upload": path}), *settings)

    def pick(event: gr.EventData, *settings: Any) -> tuple[Any, ...]:
        return None, *page.show(Source(example=event.index), *settings)

    def clear(*settings: Any) -> tuple[Any, ...]:
        return None, *page.show(Source(), *settings)

    def open_file(path: str | None, direction: Direction, *settings: Any) -> tuple[Any, ...]:
        source = page.first_source(direction) if path is None else Source.model_validate({"upload": path})
        return page.show(source, direction, *settings)

    def reopen(value: dict[str, Any], path: str | None, *settings: Any) -> tuple[Any, ...]:
        return page.show(Source.model_validate({"example": value["example"], "upload": path}), *settings)

    def turn(direction: Direction, *settings: Any) -> tuple[Any, ...]:
        return page.examples(direction), None, *page.show(page.first_source(direction), direction, *settings)

    listen([paper.input, seed.change], repaint, [paper, upload, *settings], figures)
    listen([examples.select], pick, settings, [upload, paper, figures])
    listen([blank.click], clear, settings, [upload, paper, figures])
    listen([upload.upload, upload.clear], open_file, [upload, *settings], [paper, figures])
    listen([size.input], reopen, [paper, upload, *settings], [paper, figures])
    listen([direction.input], turn, settings, [examples, upload, paper, figures])


class Translation:
    """Contents of the tab.

    Args:
        demos: One generator, or two to compare; the first one's data are shown.
    """

    def __init__(self, demos: list[DemoTranslator]) -> None:
        self.demos, self.first = demos, demos[0]
        self.blank = data_url(torch.full((1, *self.first.image_size("AtoB")), 255, dtype=torch.uint8))

    def brushes(self) -> list[str]:
        """Return the colours of brushes in all directions; those of paper come last."""
        papers = [self.first.paper(direction) for direction in self.first.directions]
        colours = self.first.colours(*self.first.directions)
        return [colour for colour in colours if colour not in papers] + list(dict.fromkeys(papers))

    def examples(self, direction: Direction) -> str:
        """Return the held-out examples as buttons, or why there are none."""
        try:
            return example_buttons(self.first.examples(direction).pictures)
        except UserError as error:
            return problem(UserError(f"No held-out examples: {error}"))

    def first_source(self, direction: Direction) -> Source:
        """Return the first example, or blank paper if there is none."""
        try:
            self.first.examples(direction)
        except UserError:  # which is shown in the place of the examples
            return Source()
        return Source(example=0)

    def show(self, source: Source, direction: Direction, size: Size, seed: float) -> tuple[dict[str, Any], str]:
        """Return the value of the canvas with a source image, and the figures of its translation."""
        try:
            with self.first.open_source(source, direction, size) as image:
                picture = data_url(to_pixels(image))
        except UserError as error:
            return {"example": None, "picture": self.blank}, problem(error)
        return {"example": source.example, "picture": picture}, self.figures(source, direction, size, seed)

    def figures(self, source: Source, direction: Direction, size: Size, seed: float) -> str:
        """Return the source image beside its translations, or why there are none."""
        try:
            return translation_figures([demo.translate(source, direction, size, int(seed)) for demo in self.demos])
        except UserError as error:
            return problem(error)
