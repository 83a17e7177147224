"""How the page is laid out, in Gradio."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from gan.demo.about import title
from gan.demo.figures import heading, morphed, samples
from gan.demo.views import Explorer, Morph, View
from gan.latent.directions import METHODS, Method
from gan.latent.interpolation import PATHS
from gan.latent.interpolation import Path as Route

__all__ = ["FRAME", "STYLE", "THEME", "build"]

FONTS = ["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Liberation Sans", "Arial", "sans-serif"]
THEME = gr.themes.Base(
    primary_hue="indigo",
    neutral_hue="slate",
    radius_size="md",
    font=FONTS,  # none that would be fetched
    font_mono=["ui-monospace", "Menlo", "Consolas", "Liberation Mono", "monospace"],
)
STYLE = (Path(__file__).parent / "page.css").read_text()
FRAME = (
    "<style>.main { padding: 1.25rem clamp(1rem, 4vw, 2rem) !important; } footer { display: none !important; }</style>"
)
SEEDS = 999
FEW = 20  # classes that have a button each
ALL = "all"
SIDE_BY_SIDE = 25  # images of each of two generators at first: they are to be as large as may be


def build(explorers: list[Explorer]) -> gr.Blocks:
    """Lay out the page for one generator, or for two to be compared."""
    first = explorers[0]
    with gr.Blocks(title=title(first.generator), analytics_enabled=False) as page:
        gr.HTML(heading([explorer.generator for explorer in explorers]))
        with gr.Tab("Look"):
            _samples_tab([first], "look")
        with gr.Tab("Morph"):
            _morph_tab(first)
        if len(explorers) > 1:
            with gr.Tab("Compare"):
                _samples_tab(explorers, "compare")
    return page


def _samples_tab(explorers: list[Explorer], name: str) -> None:
    first = explorers[0]
    widest, classes = first.widest, first.generator.num_classes
    smaller = len(explorers) > 1 and first.generator.data.pixels
    usual = min(first.usual, SIDE_BY_SIDE) if smaller else first.usual
    with gr.Row(elem_classes="tab"):
        with gr.Column(scale=1, min_width=300, elem_classes="controls"):
            seed = gr.Slider(
                0, SEEDS, 0, step=1, label="Seed", info="The noise follows from it", elem_id=f"{name}-seed"
            )
            another = gr.Button("Another seed", size="sm", elem_id=f"{name}-another")
            truncation = gr.Slider(
                widest / 30,
                widest,
                widest,
                step=widest / 30,
                label="Truncation",
                info=f"Keeps the noise near its mean: better, less various images. {widest:g} keeps all of it",
                elem_id=f"{name}-truncation",
            )
            num = gr.Slider(
                1,
                first.most,
                usual,
                step=1,
                label="Number",
                elem_id=f"{name}-num",
            )
            label = _class_choice("Class", classes, f"{name}-class", everything=True)
            method, shifts = _directions(first, name)
        with gr.Column(scale=2, min_width=320, elem_classes="shown"):
            shown = gr.HTML(elem_id=f"{name}-shown")
    another.click(None, outputs=seed, js=f"() => Math.floor(Math.random() * {SEEDS + 1})")

    def show(seed: float, truncation: float, num: float, label: Any, method: Method, *shifts: float) -> str:
        view = View(
            seed=int(seed),
            truncation=None if truncation >= widest else truncation,
            num=int(num),
            label=_class(label),
            method=method,
            shifts=shifts,
        )
        return samples(explorers, view)

    _live(show, [seed, truncation, num, label, method, *shifts], shown)


def _directions(explorer: Explorer, name: str) -> tuple[gr.Radio, list[gr.Slider]]:
    """Lay out a slider for each direction; they stay unseen where there are none."""
    with gr.Group(visible=explorer.directions > 0, elem_classes="directions"):
        method = gr.Radio(
            [(method.capitalize(), method) for method in METHODS],
            value=METHODS[0],
            label="Directions",
            info="Found in latent space without labels; steps are standard deviations of the noise",
            elem_id=f"{name}-method",
        )
        shifts = [
            gr.Slider(-3, 3, 0, step=0.1, label=f"Direction {number}", elem_id=f"{name}-direction-{number}")
            for number in range(1, explorer.directions + 1)
        ]
        reset = gr.Button("Reset directions", size="sm", elem_id=f"{name}-reset")
    if shifts:
        reset.click(None, outputs=shifts, js=f"() => Array({len(shifts)}).fill(0)")
    return method, shifts


def _morph_tab(explorer: Explorer) -> None:
    classes = explorer.generator.num_classes
    with gr.Row(elem_classes="tab"):
        with gr.Column(scale=1, min_width=300, elem_classes="controls"):
            t = gr.Slider(0, 1, 0.5, step=0.01, label="Share of the way", elem_id="morph-t")
            start = gr.Slider(0, SEEDS, 0, step=1, label="From seed", elem_id="morph-start")
            start_label = _class_choice("From class", classes, "morph-start-class", value=0)
            end = gr.Slider(0, SEEDS, 1, step=1, label="To seed", elem_id="morph-end")
            end_label = _class_choice("To class", classes, "morph-end-class", value=classes - 1)
            path = gr.Radio(
                [(path.capitalize(), path) for path in PATHS],
                value="spherical" if explorer.generator.model.latent == "normal" else "linear",
                label="Path",
                info="Around the sphere that normal noise lies near to, or straight",
                elem_id="morph-path",
            )
        with gr.Column(scale=2, min_width=320, elem_classes="shown"):
            shown = gr.HTML(elem_id="morph-shown")

    def show(t: float, start: float, start_label: Any, end: float, end_label: Any, path: Route) -> str:
        morph = Morph(
            start=int(start),
            end=int(end),
            start_label=_class(start_label),
            end_label=_class(end_label),
            path=path,
            t=t,
        )
        return morphed(explorer, morph)

    _live(show, [t, start, start_label, end, end_label, path], shown)


def _class_choice(label: str, classes: int, name: str, value: int = 0, everything: bool = False) -> Any:
    """Lay out the choice of a class; it stays unseen where there are none."""
    choices = [ALL] * everything + [str(number) for number in range(classes)]
    kind = gr.Radio if len(choices) <= FEW else gr.Dropdown
    chosen = ALL if everything else str(value)
    if classes == 1:
        return gr.Radio([ALL], value=ALL, label=label, visible=False)
    return kind(choices, value=chosen, label=label, elem_id=name, elem_classes="classes")


def _class(choice: str) -> int | None:
    return None if choice == ALL else int(choice)


def _live(show: Callable[..., str], controls: list[Any], shown: gr.HTML) -> None:
    """Show what the controls say, now and at each change; of changes that pile up only the last one counts."""
    shown.value = show(*(control.value for control in controls))
    gr.on(
        [control.change for control in controls],
        show,
        inputs=controls,
        outputs=shown,
        queue=False,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
