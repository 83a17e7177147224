"""Controls that all pages share."""

from collections.abc import Callable
from typing import Any

import gradio as gr

__all__ = ["MAX_SEED", "listen", "seed_slider", "update_on_change"]

MAX_SEED = 999


def seed_slider(name: str) -> gr.Slider:
    """Lay out the choice of a seed, and a button that draws one."""
    seed = gr.Slider(0, MAX_SEED, 0, step=1, label="Seed", info="Seed of the noise", elem_id=f"{name}-seed")
    another = gr.Button("Another seed", size="sm", elem_id=f"{name}-another")
    another.click(None, outputs=seed, js=f"() => Math.floor(Math.random() * {MAX_SEED + 1})")
    return seed


def update_on_change(render: Callable[..., str], controls: list[Any], output: gr.HTML) -> None:
    """Render the output now and whenever a control changes."""
    output.value = render(*(control.value for control in controls))
    listen([control.change for control in controls], render, controls, output)


def listen(triggers: list[Any], function: Callable[..., Any], inputs: list[Any], outputs: Any) -> None:
    """Call a function at events; of queued events only the last is heard."""
    gr.on(
        triggers,
        function,
        inputs=inputs,
        outputs=outputs,
        queue=False,
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
    )
