"""After training: sampling against the bare forward pass, and evaluation against torch-fidelity."""

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

from gan.benchmark.rounds import interleaved, ratios, result
from gan.benchmark.updates import MODELS
from gan.config import compose_config
from gan.data.base import ImageDataModule
from gan.features.base import FeatureExtractor
from gan.host import set_threads
from gan.instantiate import build
from gan.metrics.evaluator import PreparedEvaluator
from gan.models.gan import GAN
from gan.types import Batch

__all__ = ["evaluate", "sample"]

SAMPLES = 10_000
BATCH = 256
TURN = 1.0  # seconds that a turn of sampling takes at least
FIDELITY = "gan-benchmark"  # what the extractor is called there


def sample(options: list[str], rounds: int) -> dict[str, Any]:
    """Measure images a second of each model, and of its generator alone."""
    cases, device = {}, _device()
    for name, chosen in MODELS.items():
        model: GAN = build(_config(chosen, options).model).to(device)
        _samples(model, 1)
        number = ceil(TURN / _samples(model, 1))
        sides = {
            "ours": partial(_samples, model, number),
            "forward pass": partial(_forward_passes, model, device, number),
        }
        cases[name] = interleaved(sides, rounds)
    lines = ["| model | images/s | against the forward pass |", "| --- | --- | --- |"]
    for name, taken in cases.items():
        speed = SAMPLES / median(taken["ours"])
        lines.append(f"| {name} | {speed:,.0f} | {ratios(taken['forward pass'], taken['ours'])} |")
    return result("sample", options, seconds=cases, table="\n".join(lines))


def _samples(model: GAN, times: int) -> float:
    start = perf_counter()
    for _ in range(times):
        model.sample(SAMPLES, batch_size=BATCH)
    _wait()
    return (perf_counter() - start) / times


@torch.no_grad()
def _forward_passes(model: GAN, device: torch.device, times: int) -> float:
    assert model.ema is not None
    network = model.ema.network.eval()
    blocks = [range(SAMPLES)[i : i + BATCH] for i in range(0, SAMPLES, BATCH)]
    start = perf_counter()
    for _ in range(times):
        torch.cat([network(torch.randn(len(block), model.latent_dim, device=device)) for block in blocks])
    _wait()
    return (perf_counter() - start) / times


def evaluate(options: list[str], rounds: int) -> dict[str, Any]:
    """Measure the Fréchet distance of 10,000 samples, real statistics at hand, and torch-fidelity's of the same.

    Torch-fidelity is given the extractor as it is built; here, that it lies channels last in memory is our part.
    """
    device = _device()
    config = _config(MODELS["mlp_gan"], [*options, f"metric.num_samples={SAMPLES}"])
    model, data = build(config.model).to(device), build(config.data)
    comparison = build(config.metric).prepare(data, device)
    torch_fidelity.register_feature_extractor(
        FIDELITY, type("Extractor", (_Extractor,), {"features": comparison.features})
    )
    with TemporaryDirectory() as folder:
        theirs = partial(_fidelity, model, data, Path(folder))
        theirs()  # fills its cache of real statistics
        sides = {"ours": partial(_evaluation, model, data, comparison), "torch-fidelity": theirs}
        taken = interleaved(sides, rounds)
    lines = ["| seconds of 10,000 samples | torch-fidelity | against it |", "| --- | --- | --- |"]
    own, other = taken["ours"], taken["torch-fidelity"]
    lines.append(f"| {median(own):.2f} | {median(other):.2f} | {ratios(other, own)} |")
    return result("evaluate", options, seconds=taken, features=comparison.features.name, table="\n".join(lines))


def _evaluation(model: GAN, data: ImageDataModule, comparison: PreparedEvaluator) -> float:
    start = perf_counter()
    batches = model.iterate_samples(range(SAMPLES), batch_size=BATCH)
    comparison(Batch(data.discretize(images), labels) for images, labels in batches)
    return perf_counter() - start


def _fidelity(model: GAN, data: ImageDataModule, folder: Path) -> float:
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
        feature_extractor=FIDELITY,
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

    def __getitem__(self, place: int) -> Tensor:
        return self.dataset.__getitems__([place]).images[0]


class _Extractor(FeatureExtractorBase):  # type: ignore[misc]  # the package has no annotations
    features: FeatureExtractor  # of a subclass: the package builds it by itself

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


def _config(chosen: list[str], options: list[str]) -> Any:
    return compose_config("train", [*chosen, "name=benchmark", "run_dir=.", *options])


def _device() -> torch.device:
    set_threads()
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
