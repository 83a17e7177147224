"""What is loaded, in words, and whether two generators can be compared."""

import json
from typing import Any

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError

__all__ = ["check_comparable", "facts", "title"]


def title(generator: TrainedGenerator) -> str:
    """Name a model and its data."""
    return f"{type(generator.model).__name__} on {type(generator.data).__name__}"


def facts(generator: TrainedGenerator) -> dict[str, str]:
    """Say what a student would ask about a generator; the score only where its run's results lie beside it."""
    model, (channels, height, width) = generator.model, generator.image_shape
    colours = {1: "grey", 3: "colour"}.get(channels, f"{channels} channels")
    known = {
        "step": f"{generator.global_step:,}",
        **_score(generator),
        "images": f"{height} × {width}, {colours}" if generator.data.pixels else "points in the plane",
        "classes": str(generator.num_classes) if generator.num_classes > 1 else "",
        "noise": f"{model.latent}, {model.latent_dim} numbers",
        "weights": "averaged" if generator.use_ema and model.ema is not None else "last",
    }
    return {name: fact for name, fact in known.items() if fact}


def check_comparable(first: TrainedGenerator, second: TrainedGenerator) -> None:
    """Make sure that the same noise and the same classes mean something to both.

    Raises:
        UserError: If they do not.
    """
    differing = {
        "latent_dim": (first.model.latent_dim, second.model.latent_dim),
        "latent": (first.model.latent, second.model.latent),
        "num_classes": (first.num_classes, second.num_classes),
    }
    for name, (one, other) in differing.items():
        if one != other:
            paths = f"{first.path} and {second.path}"
            raise UserError(f"{paths} cannot be compared for the same noise: {name} is {one} and {other}")
    if first.data.pixels != second.data.pixels:
        raise UserError(f"{first.path} and {second.path} cannot be compared: one is of images, one of points")


def _score(generator: TrainedGenerator) -> dict[str, str]:
    """Look the score at the checkpoint's own step up."""
    folder = generator.path if generator.path.is_dir() else generator.path.parent
    home = folder.parent if folder.name == "checkpoints" else folder
    try:
        results: dict[str, Any] = json.loads((home / "results.json").read_text())
        name = str(results["score_name"])
        score = float(results["scores"][str(generator.global_step)][name])
        better = "higher" if results["higher_is_better"][name] else "lower"
    except (OSError, ValueError, LookupError, TypeError):  # there are none, or they are of another kind
        return {}
    return {"score": f"{name} {score:.4g} ({better} is better)"}
