"""The Fréchet distance between features of real and of generated images: FID where the features are Inception's."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torchmetrics.image.fid import FrechetInceptionDistance

from gan.data.base import ImageDataModule
from gan.metrics.features import FeatureExtractor

__all__ = ["FrechetDistance"]


class FrechetDistance:
    r"""Distance of two Gaussians fitted to features (Heusel et al., 2017, Eq. 6), against all training images.

    .. math:: |\mu_r - \mu_g|^2 + \mathrm{tr}(C_r + C_g - 2 (C_r C_g)^{1/2})

    Args:
        features: Maps images to features.
        num_samples: Number of generated images that a score is computed from.

    Raises:
        ValueError: If there are fewer than two samples, which have no covariance.
    """

    def __init__(self, features: FeatureExtractor, num_samples: int = 10_000) -> None:
        if num_samples < 2:
            raise ValueError(f"num_samples must be at least 2, not {num_samples}")
        self.features, self.num_samples = features, num_samples
        self.metric: FrechetInceptionDistance | None = None

    @property
    def name(self) -> str:
        """How a score is called: ``fid`` for Inception's features alone."""
        return "fid" if self.features.name == "inception" else f"fd_{self.features.name}"

    @property
    def protocol(self) -> dict[str, Any]:
        """All that decides a score beside the generator."""
        assert self.metric is not None, "prepare() comes first"
        real = int(self.metric.real_features_num_samples)
        return {"real_images": real, "real_split": "train", "fake_images": self.num_samples, **self.features.protocol}

    def prepare(self, data: ImageDataModule, device: torch.device) -> None:
        """Compute the features' statistics over all training images."""
        self.features.prepare(lambda: data.batches("train"), data.num_classes)
        metric = FrechetInceptionDistance(self.features, reset_real_features=False)
        self.metric = metric.to(device)
        for batch in data.batches("train"):
            self.metric.update(batch.images.to(device), real=True)

    def baselines(self, data: ImageDataModule) -> dict[str, float]:
        """Score held-out real images and uniform noise, between which every generator lies."""
        shape, batch = data.image_shape, 256
        generator = torch.Generator().manual_seed(0)
        noise = (
            torch.randint(256, (min(batch, self.num_samples - start), *shape), generator=generator, dtype=torch.uint8)
            for start in range(0, self.num_samples, batch)
        )
        held_out: Iterator[Tensor] = (batch.images for batch in data.batches("test"))
        return {
            "held_out": self(held_out),
            "held_out_images": len(data.split("test")),
            "noise": self(noise),
            "noise_images": self.num_samples,
        }

    def __call__(self, images: Iterable[Tensor]) -> float:
        """Score images, given as uint8 batches with shape (B, C, H, W)."""
        assert self.metric is not None, "prepare() comes first"
        self.metric.reset()
        for batch in images:
            self.metric.update(batch.to(self.metric.device), real=False)
        return float(self.metric.compute())
