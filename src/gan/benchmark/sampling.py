"""Sampling, compared with the bare forward pass, and evaluation, compared with torch-fidelity."""

from collections.abc import Callable
from functools import partial
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch

from gan.benchmark.interleaving import measure_alternately
from gan.benchmark.output import format_ratios, make_result
from gan.benchmark.updates import MODELS
from gan.benchmark.workers import UpdateGate
from gan.config import compose_config
from gan.data.base import ImageDataModule
from gan.host import set_threads
from gan.instantiate import build
from gan.metrics.evaluator import PreparedEvaluator
from gan.models.gan import GAN

__all__ = ["evaluate", "evaluation_loop", "fidelity_loop", "forward_loop", "sample", "sampling_loop"]

SAMPLES = 10_000
BATCH = 256
MIN_SECONDS = 1.0  # per measurement of sampling


def sample(options: list[str], rounds: int) -> dict[str, Any]:
    """Measure images per second of each model, and of its generator's forward pass alone."""
    cases, device = {}, _device()
    for name, model_options in MODELS.items():
        model: GAN = build(_config(model_options, options).model).to(device)
        _time_sampling(model, 1)
        repeats = ceil(MIN_SECONDS / _time_sampling(model, 1))
        implementations = {
            "ours": partial(_time_sampling, model, repeats),
            "forward pass": partial(_time_forward_passes, model, repeats),
        }
        cases[name] = measure_alternately(implementations, rounds)
    lines = ["| model | images/s | against the forward pass |", "| --- | --- | --- |"]
    for name, seconds in cases.items():
        throughput = SAMPLES / median(seconds["ours"])
        lines.append(f"| {name} | {throughput:,.0f} | {format_ratios(seconds['forward pass'], seconds['ours'])} |")
    return make_result("sample", options, seconds=cases, table="\n".join(lines))


def _time_sampling(model: GAN, repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        model.sample(SAMPLES, batch_size=BATCH)
    _synchronize()
    return (perf_counter() - start) / repeats


def _time_forward_passes(model: GAN, repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        _forward_passes(model, SAMPLES)
    _synchronize()
    return (perf_counter() - start) / repeats


@torch.no_grad()
def _forward_passes(model: GAN, num: int) -> None:
    assert model.ema is not None
    network = model.ema.network.eval()
    sizes = [min(BATCH, num - start) for start in range(0, num, BATCH)]
    torch.cat([network(torch.randn(size, model.latent_dim, device=model.device)) for size in sizes])


def evaluate(options: list[str], rounds: int) -> dict[str, Any]:
    """Time the Fréchet distance of 10,000 samples, in this project and in torch-fidelity; real statistics are cached.

    torch-fidelity gets the same extractor; the channels-last memory layout is part of our implementation.
    """
    from gan.benchmark.fidelity import Fidelity

    model, data, evaluator = _evaluated([*MODELS["mlp_gan"], *options], SAMPLES)
    with TemporaryDirectory() as folder:
        fidelity = Fidelity(model, data, evaluator.features, SAMPLES, Path(folder))
        fidelity()  # caches the statistics of real images
        ours: Callable[[], float] = partial(_time_evaluation, model, data, evaluator, SAMPLES)
        seconds = measure_alternately({"ours": ours, "torch-fidelity": fidelity}, rounds)
    lines = ["| seconds per 10,000 samples | torch-fidelity | speed against it |", "| --- | --- | --- |"]
    times, other = seconds["ours"], seconds["torch-fidelity"]
    lines.append(f"| {median(times):.2f} | {median(other):.2f} | {format_ratios(other, times)} |")
    return make_result("evaluate", options, seconds=seconds, features=evaluator.features.name, table="\n".join(lines))


def _time_evaluation(model: GAN, data: ImageDataModule, evaluator: PreparedEvaluator, num: int) -> float:
    start = perf_counter()
    batches = model.iterate_samples(range(num), batch_size=BATCH)
    evaluator(map(data.discretize_samples, batches))
    return perf_counter() - start


# Loops for workers, with one call of the gate before each unit --------------------------------------------------------


def sampling_loop(options: list[str], num: int, gate: UpdateGate) -> None:
    """Draw ``num`` samples endlessly."""
    model = build(_config([], options).model).to(_device())
    while True:
        gate()
        model.sample(num, batch_size=BATCH)


def forward_loop(options: list[str], num: int, gate: UpdateGate) -> None:
    """Run the generator on ``num`` random vectors endlessly."""
    model = build(_config([], options).model).to(_device())
    while True:
        gate()
        _forward_passes(model, num)


def evaluation_loop(options: list[str], num: int, gate: UpdateGate) -> None:
    """Compute the Fréchet distance of ``num`` samples endlessly."""
    model, data, evaluator = _evaluated(options, num)
    while True:
        gate()
        _time_evaluation(model, data, evaluator, num)


def fidelity_loop(options: list[str], num: int, folder: Path, gate: UpdateGate) -> None:
    """Compute it by torch-fidelity, with the same extractor; the first call caches the real images' statistics."""
    from gan.benchmark.fidelity import Fidelity

    model, data, evaluator = _evaluated(options, num)
    fidelity = Fidelity(model, data, evaluator.features, num, folder)
    while True:
        gate()
        fidelity()


def _evaluated(options: list[str], num: int) -> tuple[GAN, ImageDataModule, PreparedEvaluator]:
    """Return a model, its data, and their evaluator of ``num`` samples."""
    device = _device()
    config = _config(options, [f"metric.num_samples={num}"])
    model, data = build(config.model).to(device), build(config.data)
    return model, data, build(config.metric).prepare(data, device)


def _config(model_options: list[str], options: list[str]) -> Any:
    return compose_config("train", [*model_options, "name=benchmark", "run_dir=.", *options])


def _device() -> torch.device:
    set_threads()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
