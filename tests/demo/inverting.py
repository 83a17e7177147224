"""Untrained generator that inverts images, for tests of translation."""

from pathlib import Path

import torch
from torch import Tensor, nn

from gan.checkpoint.trained import TrainedGenerator
from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.data.degraded import Degraded
from gan.models.sampler import Sampler

SIZE = 16


class Whole(ImageDataModule):
    """Random images."""

    def load(self, split: Split) -> ImageDataset:
        generator = torch.Generator().manual_seed(len(split))
        images = torch.randint(256, (3, *self.image_shape), generator=generator, dtype=torch.uint8)
        return TensorImages(images, torch.zeros(3, dtype=torch.long))


class Negative(nn.Module):
    """Network that inverts its first channels, and takes images of any size."""

    divisor = 1

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, z: None, labels: Tensor, condition: Tensor) -> Tensor:
        return -condition[:, : self.channels]


class Inverting(Sampler):
    uses_condition = True

    def reversed_network(self, network: nn.Module) -> nn.Module:
        return network


def inverting(degrade: str, channels: int = 3) -> TrainedGenerator:
    """Build a generator of degraded images of 16 pixels a side, without a checkpoint."""
    whole = Whole(image_size=SIZE, channels=channels, num_classes=1)
    generator = object.__new__(TrainedGenerator)
    generator.data = data = Degraded(whole, degrade, image_size=SIZE, image_channels=channels)
    generator.model, generator.use_ema = Inverting(Negative(data.channels), latent_dim=0), False
    generator.device, generator.path, generator.global_step = torch.device("cpu"), Path("last.ckpt"), 1
    return generator
