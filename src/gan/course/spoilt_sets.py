"""Spoilt sets of real digits: each has one fault that a generator may have."""

from io import BytesIO
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F

from gan.data.mnist5k import MNIST5k

__all__ = ["LADDER", "RESIZED", "Draw", "SpoiltSet", "draw_sets", "load_digits", "render"]

BLUR, NOISE = 1.0, 25.0  # standard deviations: of the Gaussian filter in pixels, and of the noise in grey levels
WRONG = 4  # one label in so many is wrong
HELD_OUT = 1.25  # held-out images per image of a set, so that enough are left without one class
SMALL = 14  # pixels, to which digits of 28 are reduced

LADDER = {
    "held_out": "held-out real images",
    "blur": "blurred",
    "noise": "noisy",
    "dropped": "one class dropped",
    "copies": "copies of training images",
    "half": "half the samples",
    "repeated": "one image of each class, repeated",
    "labels": "a quarter of the labels wrong",
}
"""Sets by name, with their descriptions."""

RESIZED = {
    "clean": "28 pixels, as they are",
    "jpeg95": "28 pixels, JPEG of quality 95",
    "jpeg75": "28 pixels, JPEG of quality 75",
    "antialiased": "14 pixels, bilinear with antialiasing",
    "bicubic": "14 pixels, bicubic with antialiasing",
    "aliased": "14 pixels, bilinear without antialiasing",
    "nearest": "14 pixels, nearest pixel",
}
"""Renderings of real images by name, with their descriptions; those of 14 pixels are enlarged to 28 again."""


class SpoiltSet(NamedTuple):
    """A set of images.

    Attributes:
        rendering: Name of the rendering of its images.
        indices: Indices of the images in the pool.
        labels: Their labels, or wrong ones.
    """

    rendering: str
    indices: Tensor
    labels: Tensor


class Draw(NamedTuple):
    """A random partition of the pool, and the sets that are made of it.

    Attributes:
        training: Indices of the images that play the part of training images.
        sets: Sets by name.
        rest: Indices of the images that are in neither.
    """

    training: Tensor
    sets: dict[str, SpoiltSet]
    rest: Tensor


def load_digits() -> tuple[Tensor, Tensor]:
    """Return all 5,000 digits in a random order, uint8 with shape (N, 1, 28, 28), and their labels."""
    data = MNIST5k(image_size=28, channels=1, num_classes=10)
    batches = [batch for split in ("train", "test") for batch in data.batches(split, 1000)]
    order = torch.randperm(5000, generator=torch.Generator().manual_seed(0))
    return torch.cat([batch.real for batch in batches])[order], torch.cat([batch.labels for batch in batches])[order]


def render(images: Tensor, name: str) -> Tensor:
    """Return a rendering of images, uint8 with shape (N, 1, 28, 28)."""
    if name == "clean":
        return images
    if name == "blur":
        return F.gaussian_blur(images, [7, 7], [BLUR, BLUR])
    if name == "noise":
        noise = NOISE * torch.randn(images.shape, generator=torch.Generator().manual_seed(1))
        return (images + noise).round().clamp(0, 255).to(torch.uint8)
    if name.startswith("jpeg"):
        return torch.stack([_jpeg(image, int(name.removeprefix("jpeg"))) for image in images])
    mode = {"bicubic": InterpolationMode.BICUBIC, "nearest": InterpolationMode.NEAREST}
    antialias = name not in ("aliased", "nearest")
    small = F.resize(images, [SMALL, SMALL], mode.get(name, InterpolationMode.BILINEAR), antialias=antialias)
    return F.resize(small, list(images.shape[-2:]), InterpolationMode.BILINEAR, antialias=True)


def _jpeg(image: Tensor, quality: int) -> Tensor:
    file = BytesIO()
    Image.fromarray(image[0].numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file)))[None]


def draw_sets(labels: Tensor, size: int, seed: int) -> Draw:
    """Divide a pool at random, and make each set of the ladder.

    Args:
        labels: Labels of the pool's images, at least 2.25 times as many as ``size``.
        size: Number of training images, and of images in a set; "half" has half as many.
        seed: Number of the draw.
    """
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=rng)
    training, held_out, rest = order.tensor_split([size, size + round(HELD_OUT * size)])
    kept = held_out[labels[held_out] != seed % 10][:size]
    assert len(kept) == size
    copies = training[torch.randint(size, (size,), generator=rng)]
    held_out = held_out[:size]
    present = labels[held_out].unique()
    one_each = torch.stack([held_out[(labels[held_out] == label).nonzero()[0, 0]] for label in present])
    wrong = labels[held_out].clone()
    wrong[::WRONG] = (wrong[::WRONG] + torch.randint(1, 10, wrong[::WRONG].shape, generator=rng)) % 10
    indices = dict.fromkeys(LADDER, held_out)
    indices |= {"dropped": kept, "copies": copies, "half": held_out[: size // 2]}
    indices["repeated"] = one_each.repeat(-(-size // len(one_each)))[:size]
    sets = {
        name: SpoiltSet(name if name in ("blur", "noise") else "clean", of_set, labels[of_set])
        for name, of_set in indices.items()
    }
    sets["labels"] = sets["labels"]._replace(labels=wrong)
    return Draw(training, sets, rest)
