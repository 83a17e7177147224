"""Sampling, compared with the bare forward pass, and evaluation, compared with torch-fidelity."""

from functools import partial
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch
import torch_fidelity
from torch import Tensor, nn
from torch.utils.data import Dataset
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.benchmark.interleaving import measure_alternately
from gan.benchmark.output import format_ratios, make_result
from gan.benchmark.updates import MODELS
from gan.config import compose_config
from gan.data.base import ImageDataModule
from gan.features.base import FeatureExtractor
from gan.host import set_threads
from gan.instantiate import build
from gan.metrics.evaluator import PreparedEvaluator
from gan.models.gan import GAN

__all__ = ["evaluate", "sample"]

SAMPLES = 10_000
BATCH = 256
MIN_SECONDS = 1.0  # per measurement of sampling
EXTRACTOR_NAME = "gan-benchmark"  # torch-fidelity's name of the registered extractor


def sample(options: list[str], rounds: int) -> dict[str, Any]:
    """Measure images per second of each model, and of its generator's forward pass alone."""
    cases, device = {}, _device()
    for name, model_options in MODELS.items():
        model: GAN = build(_config(model_options, options).model).to(device)
        _time_sampling(model, 1)
        repeats = ceil(MIN_SECONDS / _time_sampling(model, 1))
        implementations = {
            "ours": partial(_time_sampling, model, repeats),
            "forward pass": partial(_time_forward_passes, model, device, repeats),
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


@torch.no_grad()
def _time_forward_passes(model: GAN, device: torch.device, repeats: int) -> float:
    assert model.ema is not None
    network = model.ema.network.eval()
    sizes = [min(BATCH, SAMPLES - start) for start in range(0, SAMPLES, BATCH)]
    start = perf_counter()
    for _ in range(repeats):
        torch.cat([network(torch.randn(size, model.latent_dim, device=device)) for size in sizes])
    _synchronize()
    return (perf_counter() - start) / repeats


def evaluate(options: list[str], rounds: int) -> dict[str, Any]:
    """Time the Fréchet distance of 10,000 samples, in this project and in torch-fidelity; real statistics are cached.

    torch-fidelity gets the same extractor; the channels-last memory layout is part of our implementation.
    """
    device = _device()
    config = _config(MODELS["mlp_gan"], [*options, f"metric.num_samples={SAMPLES}"])
    model, data = build(config.model).to(device), build(config.data)
    evaluator = build(config.metric).prepare(data, device)
    torch_fidelity.register_feature_extractor(
        EXTRACTOR_NAME, type("Extractor", (_Extractor,), {"features": evaluator.features})
    )
    with TemporaryDirectory() as folder:
        fidelity = partial(_time_fidelity, model, data, Path(folder))
        fidelity()  # caches the statistics of real images
        implementations = {"ours": partial(_time_evaluation, model, data, evaluator), "torch-fidelity": fidelity}
        seconds = measure_alternately(implementations, rounds)
    lines = ["| seconds per 10,000 samples | torch-fidelity | speed against it |", "| --- | --- | --- |"]
    ours, other = seconds["ours"], seconds["torch-fidelity"]
    lines.append(f"| {median(ours):.2f} | {median(other):.2f} | {format_ratios(other, ours)} |")
    return make_result("evaluate", options, seconds=seconds, features=evaluator.features.name, table="\n".join(lines))


def _time_evaluation(model: GAN, data: ImageDataModule, evaluator: PreparedEvaluator) -> float:
    start = perf_counter()
    batches = model.iterate_samples(range(SAMPLES), batch_size=BATCH)
    evaluator(map(data.discretize_samples, batches))
    return perf_counter() - start


def _time_fidelity(model: GAN, data: ImageDataModule, folder: Path) -> float:
    assert model.ema is not None
    generator = torch_fidelity.GenerativeModelModuleWrapper(
        _Discretized(model.ema.network, data), model.latent_dim, "normal", num_classes=0
    )
    start = perf_counter()
    torch_fidelity.calculate_metrics(
        input1=generator,
        input1_model_num_samples=SAMPLES,
        input2=_Images(data),
        input2_cache_name="real",
        cache_root=str(folder),
        fid=True,
        feature_extractor=EXTRACTOR_NAME,
        batch_size=BATCH,
        cuda=torch.cuda.is_available(),
        verbose=False,
    )
    return perf_counter() - start


class _Discretized(nn.Module):
    def __init__(self, network: nn.Module, data: ImageDataModule) -> None:
        super().__init__()
        self.network, self.data = network, data

    def forward(self, z: Tensor) -> Tensor:
        return self.data.discretize(self.network(z))


class _Images(Dataset[Tensor]):
    def __init__(self, data: ImageDataModule) -> None:
        self.dataset = data.split("train")

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Tensor:
        return self.dataset.__getitems__([index]).real[0]


class _Extractor(FeatureExtractorBase):  # type: ignore[misc]  # torch-fidelity has no annotations
    features: FeatureExtractor  # set by a subclass, as torch-fidelity calls the constructor

    def __init__(self, name: str, features_list: list[str], **_: Any) -> None:
        super().__init__(name, features_list)

    @staticmethod
    def get_provided_features_list() -> tuple[str]:
        return ("vectors",)

    @staticmethod
    def get_default_feature_layer_for_metric(_metric: str) -> str:
        return "vectors"

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.features(images).vectors,)


def _config(model_options: list[str], options: list[str]) -> Any:
    return compose_config("train", [*model_options, "name=benchmark", "run_dir=.", *options])


def _device() -> torch.device:
    set_threads()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
