"""Layout of the page, in Gradio."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr

from gan.checkpoint.trained import TrainedGenerator
from gan.demo.figures import heading
from gan.demo.generator import DemoGenerator
from gan.demo.noise_tabs import morph_tab, samples_tab
from gan.demo.summary import title
from gan.demo.translation_tab import translation_tab
from gan.demo.translator import DemoTranslator

__all__ = ["HEAD", "STYLE", "THEME", "noise_page", "translation_page"]

FONTS = ["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Liberation Sans", "Arial", "sans-serif"]
THEME = gr.themes.Base(
    primary_hue="indigo",
    neutral_hue="slate",
    radius_size="md",
    font=FONTS,  # system fonts only: nothing is downloaded
    font_mono=["ui-monospace", "Menlo", "Consolas", "Liberation Mono", "monospace"],
)
STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
HEAD = (
    "<style>.main { padding: 1.25rem clamp(1rem, 4vw, 2rem) !important; } footer { display: none !important; }</style>"
)


def noise_page(demos: list[DemoGenerator]) -> gr.Blocks:
    """Lay out the page for one generator from noise, or for two to compare."""
    with _page([demo.generator for demo in demos]) as page:
        with gr.Tab("Look"):
            samples_tab(demos[:1], "look")
        with gr.Tab("Morph"):
            morph_tab(demos[0])
        if len(demos) > 1:
            with gr.Tab("Compare"):
                samples_tab(demos, "compare")
    return page


def translation_page(demos: list[DemoTranslator]) -> gr.Blocks:
    """Lay out the page for one generator that translates images, or for two to compare."""
    with _page([demo.generator for demo in demos]) as page, gr.Tab("Translate"):
        translation_tab(demos)
    return page


@contextmanager
def _page(generators: list[TrainedGenerator]) -> Iterator[gr.Blocks]:
    """Begin a page with facts about the generators."""
    with gr.Blocks(title=title(generators[0]), analytics_enabled=False) as page:
        gr.HTML(heading(generators))
        yield page
