"""A small classifier, trained in seconds on a data set's own labels, whose features stand in for Inception's."""

import logging
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from platformdirs import user_cache_dir
from torch import Tensor, nn

from gan.data.base import ImageDataModule
from gan.digest import digest
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features

__all__ = ["Classifier"]

log = logging.getLogger(__name__)

RECIPE = "1"  # part of the cache's key: raise it with every change of the network or of its training
BATCH_SIZE = 64
STEPS = 600
SMALLEST = 8
LEARNING_RATE = 1e-3


class Classifier(FeatureExtractor):
    """The 128 features before the last layer of a convolutional classifier.

    It is trained once on the training images and their labels, from a fixed seed, and kept in a cache folder under
    the fingerprint of those images.

    Args:
        cache: The folder; where None, the user's cache folder.
    """

    name = "classifier"
    num_features = 128

    def __init__(self, cache: str | None = None) -> None:
        super().__init__()
        self.cache = Path(cache) if cache else Path(user_cache_dir("gan"))
        self.network: nn.Sequential | None = None
        self.head: nn.Linear | None = None

    def prepare(self, data: ImageDataModule) -> None:
        """Load the classifier of a data set, or train it.

        Raises:
            UserError: If the data set has no classes, or smaller images than the network can take.
        """
        if data.image_size < SMALLEST:
            raise UserError(
                f"metric/features=classifier needs images of {SMALLEST} pixels or more; points have mixture"
            )
        if data.num_classes < 2:
            raise UserError("metric/features=classifier needs a data set with classes; use metric/features=inception")
        self.num_classes = data.num_classes
        key = f"{RECIPE} {data.num_classes} {data.fingerprint('train')}"
        path = self.cache / f"classifier-{sha256(key.encode()).hexdigest()[:16]}.pt"

        with torch.random.fork_rng(devices=[]):  # the run's own random numbers are left alone
            torch.manual_seed(0)
            self.network, self.head = _build(data.channels, data.num_classes, self.num_features)
            if path.is_file() and self._load(path):
                return
            log.info("Training the classifier that images are scored with (once for this data set, some seconds)")
            batches = list(data.batches("train"))
            images, labels = torch.cat([b.images for b in batches]), torch.cat([b.labels for b in batches])
            _train(nn.Sequential(self.network, self.head), images, labels)
        try:
            self._save(path)
        except OSError as error:
            log.warning("The classifier cannot be kept (%s); the next run will train it again", error)

    def _load(self, path: Path) -> bool:
        try:
            self.load_state_dict(torch.load(path, weights_only=True))
        except Exception as error:  # whatever damaged the file, the cure is the same
            log.warning("The cached classifier %s is damaged (%s); training it again", path, type(error).__name__)
            return False
        return True

    def _save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        torch.save(self.state_dict(), partial)
        partial.replace(path)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Features:
        assert self.network is not None, "prepare() comes first"
        assert self.head is not None
        vectors = self.network(_scale(images))
        return Features(vectors, self.head(vectors))

    @property
    def protocol(self) -> dict[str, Any]:
        return {"features": self.name, "weights": digest(self.state_dict().values())[:16], "resize": "none"}


def _scale(images: Tensor) -> Tensor:
    return images.float().div_(127.5).sub_(1)


def _build(channels: int, num_classes: int, features: int) -> tuple[nn.Sequential, nn.Linear]:
    body = nn.Sequential(
        nn.Conv2d(channels, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(64 * 4 * 4, features),
        nn.ReLU(),
    )
    return body.eval(), nn.Linear(features, num_classes)


def _train(network: nn.Module, images: Tensor, labels: Tensor) -> None:
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3 * LEARNING_RATE, total_steps=STEPS)
    network.train()
    for _ in range(STEPS):
        indices = torch.randint(len(images), (BATCH_SIZE,))
        loss = F.cross_entropy(network(_scale(images[indices])), labels[indices])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.eval()
