"""Summary of a trained generator: its properties as text, and as a table with samples for notebooks."""

import base64
import html
from typing import TYPE_CHECKING

from gan.images import encode_png

if TYPE_CHECKING:
    from gan.checkpoint.trained import TrainedGenerator

__all__ = ["facts", "table"]

NUM_SAMPLES = 16


def facts(generator: "TrainedGenerator") -> dict[str, str]:
    """Return a generator's properties by name."""
    return {
        "path": repr(str(generator.path)),
        "model": type(generator.model).__name__,
        "data": type(generator.data).__name__,
        "image_shape": str(tuple(generator.image_shape)),
        "num_classes": str(generator.num_classes),
        "latent_dim": str(generator.model.latent_dim),
        "global_step": str(generator.global_step),
        "use_ema": str(generator.use_ema),
        "device": str(generator.device),
    }


def table(generator: "TrainedGenerator") -> str:
    """Return a generator's properties and some samples as HTML."""
    rows = (f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in facts(generator).items())
    if not generator.data.pixels and (lines := _lines(generator)) is not None:
        return f"<table>{''.join(rows)}</table><pre>{html.escape(lines)}</pre>"
    picture = base64.b64encode(encode_png(generator.picture(generator.sample(NUM_SAMPLES)))).decode()
    image = f'<img src="data:image/png;base64,{picture}" alt="samples" style="image-rendering: pixelated">'
    return f"<table>{''.join(rows)}</table>{image}"


def _lines(generator: "TrainedGenerator") -> str | None:
    """Return samples as text; None if they are shown in pictures."""
    lines = generator.data.sample_lines(next(generator.batches(range(NUM_SAMPLES))))
    return None if lines is None else "\n".join(lines)
