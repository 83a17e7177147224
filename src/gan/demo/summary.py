"""Title and facts of a generator, and the check that two generators are comparable."""

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.runs.folder import RunFolder, run_folder_of
from gan.runs.results_file import read_results

__all__ = ["check_comparable", "facts", "title", "translates"]


def title(generator: TrainedGenerator) -> str:
    """Return the names of a generator's model and data."""
    return f"{type(generator.model).__name__} on {type(generator.data).__name__}"


def translates(generator: TrainedGenerator) -> bool:
    """Return whether a generator translates source images."""
    return source_shape(generator) is not None


def source_shape(generator: TrainedGenerator) -> tuple[int, int, int] | None:
    """Return channels, height and width of the source images that a generator translates; None if it has none."""
    return generator.data.source_shape if generator.model.uses_condition else None


def facts(generator: TrainedGenerator) -> dict[str, str]:
    """Return facts about a generator by name; the score only if its run's results are beside the checkpoint."""
    model, source = generator.model, source_shape(generator)
    values = {
        "step": f"{generator.global_step:,}",
        "score": _score(generator),
        "source": _size(*source) if source else "",
        "images": _size(*generator.image_shape) if generator.data.pixels else "2-D points",
        "classes": str(generator.num_classes) if generator.num_classes > 1 else "",
        "noise": f"{model.latent}, {model.latent_dim} dimensions" if model.latent_dim else "",
        "weights": "moving average" if generator.use_ema else "last",
    }
    return {name: value for name, value in values.items() if value}


def _size(channels: int, height: int, width: int) -> str:
    colours = {1: "greyscale", 3: "colour"}.get(channels, f"{channels} channels")
    return f"{height} × {width}, {colours}"


def check_comparable(first: TrainedGenerator, second: TrainedGenerator) -> None:
    """Check that two generators take the same noise and classes, or the same source images.

    Raises:
        UserError: If they do not.
    """
    settings = {
        "latent_dim": (first.model.latent_dim, second.model.latent_dim),
        "latent": (first.model.latent, second.model.latent),
        "num_classes": (first.num_classes, second.num_classes),
        "the shape of source images": (source_shape(first), source_shape(second)),
    }
    for name, (one, other) in settings.items():
        if one != other:
            paths = f"{first.path} and {second.path}"
            raise UserError(f"{paths} cannot be compared for the same input: {name} is {one} and {other}")
    if first.data.pixels != second.data.pixels:
        raise UserError(f"{first.path} and {second.path} cannot be compared: one generates images, one points")


def _score(generator: TrainedGenerator) -> str:
    """Return the score at the checkpoint's step, from the results of its run; empty if there is none."""
    folder = RunFolder(run_folder_of(generator.path) or generator.path.parent)
    try:
        results = read_results(folder.results)
    except (OSError, ValueError):  # missing or damaged
        return ""
    name, scores = results.score_name, results.scores.get(generator.global_step, {})
    if name is None or name not in scores:
        return ""
    return f"{name} {scores[name]:.4g} ({'higher' if results.higher_is_better[name] else 'lower'} is better)"
