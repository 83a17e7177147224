"""Layout of the page, in Gradio."""

from pathlib import Path

import gradio as gr

from gan.demo.figures import heading
from gan.demo.generator import DemoGenerator
from gan.demo.noise_tabs import morph_tab, samples_tab
from gan.demo.summary import title

__all__ = ["HEAD", "STYLE", "THEME", "build_page"]

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


def build_page(generators: list[DemoGenerator]) -> gr.Blocks:
    """Lay out the page for one generator, or for two to compare."""
    first = generators[0]
    with gr.Blocks(title=title(first.generator), analytics_enabled=False) as page:
        gr.HTML(heading([demo.generator for demo in generators]))
        with gr.Tab("Look"):
            samples_tab([first], "look")
        with gr.Tab("Morph"):
            morph_tab(first)
        if len(generators) > 1:
            with gr.Tab("Compare"):
                samples_tab(generators, "compare")
    return page
