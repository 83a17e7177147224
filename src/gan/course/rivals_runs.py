"""Measurements of chapter 9: samples and reconstructions of the trained rivals, and what they cost."""

from collections.abc import Mapping, Sequence
from time import process_time

import torch
from pandas import DataFrame
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator, load
from gan.config import compose_config
from gan.course.chapter import Tables
from gan.course.update_costs import recipe_costs
from gan.data.base import ImageDataModule
from gan.images import from_uint8
from gan.instantiate import build
from gan.metrics.evaluator import PreparedEvaluator
from gan.models.autoencoder import AutoEncoder
from gan.models.ddpm import DDPM
from gan.resolvers import register_resolvers
from gan.runs.record import RunRecord

__all__ = ["RIVALS", "STEPS", "collect", "decode", "encode", "measure"]

RIVALS = ("dcgan", "vae", "vqvae", "ddpm")
STEPS = (2, 5, 10, 25, 50)
"""Steps of sampling that the trained diffusion models are tried with."""
IMAGES = 1000
SHOWN = 10  # images of each kind
LEVELS = 16  # of grey, in a table


def measure(short: bool) -> Tables:
    """Count the parameters of each rival, and measure the CPU time of its updates."""
    return {"costs": recipe_costs("rivals", RIVALS, short, "rival")}


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the scores of all runs, and sample from and reconstruct with their last checkpoints, on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _collect(runs)
    finally:
        torch.set_num_threads(threads)


def _collect(runs: Sequence[RunRecord]) -> Tables:
    register_resolvers()
    config = compose_config("train", ["experiment=course/rivals", "name=rivals", "run_dir=nowhere"])
    data: ImageDataModule = build(config.data)
    evaluator: PreparedEvaluator = build(config.metric).prepare(data, torch.device("cpu"))
    training, held_out = (
        torch.cat([from_uint8(batch.real) for batch in data.batches(split)]) for split in ("train", "test")
    )
    scores, sampling = [], []
    errors = [{"rival": "mean image", "seed": 0, "error": _error(training.mean(0, keepdim=True), held_out)}]
    spaced = slice(0, None, len(held_out) // SHOWN)  # classes are in order
    pictures = _pictures("real", held_out[spaced])
    baselines: dict[str, float] = {}
    for run in sorted(runs, key=lambda run: (RIVALS.index(_rival(run)), int(run.config["seed"]))):
        assert run.results is not None
        rival, seed = _rival(run), int(run.config["seed"])
        key = {"rival": rival, "seed": seed}
        baselines |= run.results.baselines
        for step, named in run.scores.items():
            short = {name.removesuffix("_classifier"): value for name, value in named.items()}
            scores.append({**key, "step": step, **short})
        trained = load(run.folder.last)
        sampling.append({**key, "steps": 0, **_sampled(trained, evaluator)})
        shown = _pictures(f"{rival} samples", trained.sample(SHOWN))
        if isinstance(trained.model, AutoEncoder):
            made = torch.cat([trained.model.reconstruct(part) for part in held_out.split(256)])
            errors.append({**key, "error": _error(made, held_out)})
            shown += _pictures(f"{rival} reconstructions", made[spaced])
        if isinstance(trained.model, DDPM):
            for steps in STEPS:
                _set_steps(trained.model, steps)
                sampling.append({**key, "steps": steps, **_sampled(trained, evaluator)})
                shown += _pictures(f"{rival} {steps} steps", trained.sample(SHOWN))
        pictures += [] if seed else shown
    return {
        "scores": DataFrame(scores),
        "sampling": DataFrame(sampling),
        "reconstructions": DataFrame(errors),
        "pictures": DataFrame(pictures),
        "baselines": DataFrame([baselines]),
    }


def _rival(run: RunRecord) -> str:
    return str(run.config["name"]).rpartition("-seed")[0]


def _set_steps(model: DDPM, steps: int) -> None:
    """Set the number of steps of sampling."""
    for generator in (model.generator, model.ema.network if model.ema else model.generator):
        generator.steps = steps  # type: ignore[assignment]  # a Module's attribute to mypy


def _sampled(trained: TrainedGenerator, evaluator: PreparedEvaluator) -> Mapping[str, float]:
    """Return the CPU seconds that the samples of the run's evaluations take, and their scores."""
    start = process_time()
    batches = list(trained.batches(range(IMAGES)))
    seconds = process_time() - start
    named = evaluator(map(trained.data.discretize_samples, batches))
    return {"seconds": seconds, "fd": named["fd_classifier"], "sharpness": named["sharpness"]}


def _error(made: Tensor, images: Tensor) -> float:
    return (made - images).square().mean().item()


# Images in a table ---------------------------------------------------------------------------------------------------


def _pictures(kind: str, images: Tensor) -> list[dict[str, object]]:
    return [{"kind": kind, "index": index, "pixels": encode(image)} for index, image in enumerate(images[:SHOWN])]


def encode(image: Tensor) -> str:
    """Write a grey image in [-1, 1] row by row, with a letter from a to p for each pixel."""
    levels = ((image.flatten() + 1) / 2 * (LEVELS - 1)).round().long()
    return "".join(chr(ord("a") + level) for level in levels.tolist())


def decode(pixels: str) -> list[list[float]]:
    """Read a square image, with values from 0 to 1."""
    values = [(ord(letter) - ord("a")) / (LEVELS - 1) for letter in pixels]
    size = round(len(values) ** 0.5)
    return [values[start : start + size] for start in range(0, len(values), size)]
