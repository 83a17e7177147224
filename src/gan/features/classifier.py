"""Small classifier, trained in seconds on a data set's own labels, as a replacement for the Inception network."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.data.base import ImageDataModule, as_images
from gan.digest import digest
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features, describe_alternatives
from gan.features.weights_cache import train_once, weights_path
from gan.float64 import float64_device
from gan.images import from_uint8
from gan.keyed_random import temporary_seed
from gan.progress import progress_bar
from gan.runs.folder import OutputPath

__all__ = ["MIN_IMAGE_SIZE", "Classifier", "build_classifier", "train_classifier"]

RECIPE = "1"  # part of the cache key: raise it with every change of the network or its training
BATCH_SIZE = 64
STEPS = 600
NUM_FEATURES = 128
MIN_IMAGE_SIZE = 8
LEARNING_RATE = 1e-3


class Classifier(FeatureExtractor):
    """Convolutional classifier; the features are the 128 activations before its last layer.

    It is trained once on the training images and their labels, from a fixed seed. The weights are cached under the
    fingerprint of these images.

    Args:
        data: Images and labels to train on.
        cache: Folder of the weights; None for the user's cache folder.

    Raises:
        UserError: If the data set has no classes, or its images are too small for the network.
    """

    name = "classifier"
    num_features = NUM_FEATURES

    def __init__(self, data: ImageDataModule, cache: OutputPath | None = None) -> None:
        super().__init__()
        as_images(data, "metric/features=classifier")
        if data.image_size < MIN_IMAGE_SIZE:
            raise UserError(
                f"metric/features=classifier needs images of {MIN_IMAGE_SIZE} pixels or more; "
                "for points use metric/features=mixture"
            )
        if data.num_classes < 2:
            raise UserError(f"metric/features=classifier needs a data set with classes: {describe_alternatives(data)}")
        self.num_classes = data.num_classes
        path = weights_path("classifier", f"{RECIPE} {data.num_classes} {data.fingerprint('train')}", cache)
        with temporary_seed(0):
            self.network, self.head = build_classifier(data.image_shape[0], data.num_classes)
            train_once(self, lambda: self._train(data), path, "the classifier")
        self.eval().requires_grad_(False)

    def _train(self, data: ImageDataModule) -> None:
        batches = list(data.batches("train"))
        images, labels = torch.cat([b.real for b in batches]), torch.cat([b.labels for b in batches])
        train_classifier(nn.Sequential(self.network, self.head), images, labels, STEPS)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Features:
        vectors = self.network(from_uint8(images))
        return Features(vectors, self.head(vectors))

    @property
    def protocol(self) -> dict[str, Any]:
        return {"features": self.name, "weights": digest(self.state_dict().values())[:16], "resize": "none"}


class AdaptiveAvgPool(nn.AdaptiveAvgPool2d):
    """Adaptive average pooling, on the CPU instead of MPS, where sizes must divide evenly (PyTorch issue 96056)."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images.to(float64_device(images.device))).to(images.device)


def build_classifier(channels: int, num_classes: int) -> nn.Sequential:
    """Return an untrained classifier of images in [-1, 1]: its features, and its last layer."""
    network = nn.Sequential(
        nn.Conv2d(channels, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        AdaptiveAvgPool(4),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(64 * 4 * 4, NUM_FEATURES),
        nn.ReLU(),
    )
    return nn.Sequential(network, nn.Linear(NUM_FEATURES, num_classes))


def train_classifier(model: nn.Module, images: Tensor, labels: Tensor, steps: int) -> None:
    """Train a classifier with Adam on batches of 64 images, which torch's global random state draws.

    Args:
        model: Maps images in [-1, 1] to logits; it is left in evaluation mode.
        images: uint8, with shape (N, C, H, W).
        labels: int64, with shape (N,).
        steps: Number of updates.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3 * LEARNING_RATE, total_steps=steps)
    model.train()
    for _ in progress_bar(range(steps), steps, "Training the classifier"):
        indices = torch.randint(len(images), (BATCH_SIZE,))
        loss = F.cross_entropy(model(from_uint8(images[indices])), labels[indices])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()
