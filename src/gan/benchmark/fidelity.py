"""Fréchet distance by torch-fidelity, with the feature extractor of this project."""

from pathlib import Path
from time import perf_counter
from typing import Any

import torch
import torch_fidelity
from torch import Tensor, nn
from torch.utils.data import Dataset
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.data.base import ImageDataModule
from gan.features.base import FeatureExtractor
from gan.models.gan import GAN

__all__ = ["Fidelity"]

BATCH = 256
EXTRACTOR_NAME = "gan-benchmark"  # torch-fidelity's name of the registered extractor


class Fidelity:
    """Fréchet distance of a model's samples by torch-fidelity; a call returns the seconds that it takes.

    A process can have one, since torch-fidelity knows an extractor by its name.

    Args:
        model: Model to sample.
        data: Real images.
        features: Extractor, on its device.
        num: Number of samples.
        folder: Folder in which the first call caches the statistics of the real images.
    """

    def __init__(self, model: GAN, data: ImageDataModule, features: FeatureExtractor, num: int, folder: Path) -> None:
        torch_fidelity.register_feature_extractor(
            EXTRACTOR_NAME, type("Extractor", (_Extractor,), {"features": features})
        )
        self.model, self.data, self.num, self.folder = model, data, num, folder

    def __call__(self) -> float:
        assert self.model.ema is not None
        generator = torch_fidelity.GenerativeModelModuleWrapper(
            _Discretized(self.model.ema.network, self.data), self.model.latent_dim, "normal", num_classes=0
        )
        start = perf_counter()
        torch_fidelity.calculate_metrics(
            input1=generator,
            input1_model_num_samples=self.num,
            input2=_Images(self.data),
            input2_cache_name="real",
            cache_root=str(self.folder),
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
