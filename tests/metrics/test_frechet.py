"""The Fréchet distance against its closed form, and its protocol."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.data.base import ImageDataModule, Split, TensorImages
from gan.metrics.features import FeatureExtractor
from gan.metrics.frechet import FrechetDistance
from gan.types import Batch


class Pixels(FeatureExtractor):
    """Two pixels of an image, as features: what goes in is known."""

    name = "pixels"
    num_features = 2

    def prepare(self, train: Callable[[], Iterable[Batch]], num_classes: int) -> None:
        """Do nothing."""

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, :2].float()

    @property
    def protocol(self) -> dict[str, Any]:
        return {"features": self.name}


class Gaussians(ImageDataModule):
    """Images whose pixels are independent Gaussians: mean 100, deviation 20, at both places."""

    def load(self, split: Split) -> TensorImages:
        images = gaussian((100.0, 100.0), (20.0, 20.0), 50_000 if split == "train" else 5_000, seed=len(split))
        return TensorImages(images, torch.zeros(len(images)))


def gaussian(mean: tuple[float, float], std: tuple[float, float], size: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(size, 2, generator=generator) * torch.tensor(std) + torch.tensor(mean)
    return values.round().clamp(0, 255).to(torch.uint8).view(size, 1, 1, 2).expand(size, 1, 2, 2)


@pytest.fixture(scope="module")
def distance() -> FrechetDistance:
    metric = FrechetDistance(Pixels(), num_samples=50_000)
    metric.prepare(Gaussians(image_size=2, channels=1, num_classes=1), torch.device("cpu"))
    return metric


@pytest.mark.parametrize(
    ("mean", "std"), [((100.0, 100.0), (20.0, 20.0)), ((110.0, 100.0), (20.0, 20.0)), ((90.0, 120.0), (10.0, 30.0))]
)
def test_two_gaussians(distance: FrechetDistance, mean: tuple[float, float], std: tuple[float, float]) -> None:
    """For diagonal covariances: |m - m'|^2 + sum (s - s')^2 (Dowson and Landau, 1982)."""
    expected = sum((m - 100) ** 2 for m in mean) + sum((s - 20) ** 2 for s in std)
    images: Iterator[Tensor] = iter(gaussian(mean, std, 50_000, seed=9).split(1000))
    assert distance(images) == pytest.approx(expected, rel=0.05, abs=0.1)


def test_scores_do_not_add_up(distance: FrechetDistance) -> None:
    images = gaussian((110.0, 100.0), (20.0, 20.0), 1000)
    assert distance([images]) == distance([images]) == distance(images.split(7))


def test_names_baselines_and_protocol(distance: FrechetDistance) -> None:
    assert distance.name == "fd_pixels", "only Inception's is called FID"
    baselines = distance.baselines(Gaussians(image_size=2, channels=1, num_classes=1))
    assert baselines["held_out"] < 1
    assert baselines["noise"] > 1000
    assert distance.protocol == {
        "real_images": 50_000,
        "real_split": "train",
        "fake_images": 50_000,
        "features": "pixels",
    }


def test_too_few_samples() -> None:
    with pytest.raises(ValueError, match="num_samples"):
        FrechetDistance(Pixels(), num_samples=1)


def test_images_are_rounded_not_truncated() -> None:
    from gan.images import to_uint8

    values = torch.tensor([-1.0, 1.0, 0.0, 100 / 127.5 - 1 - 1e-4, 2.0])
    assert_close(to_uint8(values), torch.tensor([0, 255, 128, 100, 255], dtype=torch.uint8))
