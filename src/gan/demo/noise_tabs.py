"""Tabs of the page for generators from noise: samples, and interpolations between two of them."""

from typing import Any

import gradio as gr

from gan.demo.controls import MAX_SEED, seed_slider, update_on_change
from gan.demo.figures import morph_figure, problem, sample_figures
from gan.demo.generator import DemoGenerator
from gan.demo.settings import MAX_TEXT, MorphSettings, SampleSettings
from gan.errors import UserError
from gan.latent.directions import METHODS, Method
from gan.models.interpolation import PATHS, LatentPath

__all__ = ["morph_tab", "samples_tab"]

MAX_BUTTONS = 20  # classes; more are a drop-down list
ALL = "all"
COMPARED_NUM = 25  # samples per generator at first when two are compared, so that images are large enough


def samples_tab(generators: list[DemoGenerator], name: str) -> None:
    """Lay out samples of one generator, or of two side by side, with their controls."""
    first = generators[0]
    max_truncation, classes = first.max_truncation, first.generator.num_classes
    compared_images = len(generators) > 1 and first.generator.data.pixels
    default_num = min(first.default_num, COMPARED_NUM) if compared_images else first.default_num
    with gr.Row(elem_classes="tab"):
        with gr.Column(scale=1, min_width=300, elem_classes="controls"):
            seed = seed_slider(name)
            example = first.example()
            text = gr.Textbox(
                example or "",
                label="Sentence",
                info="In the words of the training data; empty for held-out sentences",
                max_length=MAX_TEXT,
                visible=example is not None,
                elem_id=f"{name}-text",
            )
            truncation = gr.Slider(
                max_truncation / 30,
                max_truncation,
                max_truncation,
                step=max_truncation / 30,
                label="Truncation",
                info=f"Lower values give better but less varied images; {max_truncation:g} is no truncation",
                elem_id=f"{name}-truncation",
            )
            num = gr.Slider(1, first.max_num, default_num, step=1, label="Number", elem_id=f"{name}-num")
            label = _class_choice("Class", classes, f"{name}-class", allow_all=True)
            method, shifts = _direction_controls(first, name)
        with gr.Column(scale=2, min_width=320, elem_classes="shown"):
            figures = gr.HTML(elem_id=f"{name}-shown")

    def render(
        seed: float, text: str, truncation: float, num: float, label: Any, method: Method, *shifts: float
    ) -> str:
        settings = SampleSettings(
            seed=int(seed),
            text=text,
            truncation=None if truncation >= max_truncation else truncation,
            num=int(num),
            label=_class(label),
            method=method,
            shifts=shifts,
        )
        try:
            return sample_figures(generators, settings)
        except UserError as error:  # such as a word that is unknown
            return problem(error)

    update_on_change(render, [seed, text, truncation, num, label, method, *shifts], figures)


def _direction_controls(demo: DemoGenerator, name: str) -> tuple[gr.Radio, list[gr.Slider]]:
    """Lay out one slider per latent direction; the group is hidden if there are none."""
    with gr.Group(visible=demo.num_directions > 0, elem_classes="directions"):
        method = gr.Radio(
            [(method.capitalize(), method) for method in METHODS],
            value=METHODS[0],
            label="Directions",
            info="Found without labels; units are standard deviations of the noise",
            elem_id=f"{name}-method",
        )
        shifts = [
            gr.Slider(-3, 3, 0, step=0.1, label=f"Direction {number}", elem_id=f"{name}-direction-{number}")
            for number in range(1, demo.num_directions + 1)
        ]
        reset = gr.Button("Reset directions", size="sm", elem_id=f"{name}-reset")
    if shifts:
        reset.click(None, outputs=shifts, js=f"() => Array({len(shifts)}).fill(0)")
    return method, shifts


def morph_tab(demo: DemoGenerator) -> None:
    """Lay out an interpolation between two samples, with its controls."""
    classes = demo.generator.num_classes
    with gr.Row(elem_classes="tab"):
        with gr.Column(scale=1, min_width=300, elem_classes="controls"):
            t = gr.Slider(0, 1, 0.5, step=0.01, label="Position", elem_id="morph-t")
            start = gr.Slider(0, MAX_SEED, 0, step=1, label="From seed", elem_id="morph-start")
            start_label = _class_choice("From class", classes, "morph-start-class", value=0)
            end = gr.Slider(0, MAX_SEED, 1, step=1, label="To seed", elem_id="morph-end")
            end_label = _class_choice("To class", classes, "morph-end-class", value=classes - 1)
            path = gr.Radio(
                [(path.capitalize(), path) for path in PATHS],
                value="spherical" if demo.generator.model.latent == "normal" else "linear",
                label="Path",
                info="Spherical suits normal noise, which lies near a sphere; linear suits uniform noise",
                elem_id="morph-path",
            )
        with gr.Column(scale=2, min_width=320, elem_classes="shown"):
            figure = gr.HTML(elem_id="morph-shown")

    def render(t: float, start: float, start_label: Any, end: float, end_label: Any, path: LatentPath) -> str:
        settings = MorphSettings(
            start=int(start),
            end=int(end),
            start_label=_class(start_label),
            end_label=_class(end_label),
            path=path,
            t=t,
        )
        return morph_figure(demo, settings)

    update_on_change(render, [t, start, start_label, end, end_label, path], figure)


def _class_choice(label: str, classes: int, name: str, value: int = 0, allow_all: bool = False) -> Any:
    """Lay out the choice of a class; it is hidden if there are no classes."""
    choices = [ALL] * allow_all + [str(number) for number in range(classes)]
    component = gr.Radio if len(choices) <= MAX_BUTTONS else gr.Dropdown
    if classes == 1:
        return gr.Radio([ALL], value=ALL, label=label, visible=False)
    default = ALL if allow_all else str(value)
    return component(choices, value=default, label=label, elem_id=name, elem_classes="classes")


def _class(choice: str) -> int | None:
    return None if choice == ALL else int(choice)
