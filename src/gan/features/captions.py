"""Classifier of attributes and matcher of sentences, trained in seconds on a data set's own images and captions."""

from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.data.captioned import Captioned
from gan.data.module import DataModule
from gan.digest import digest
from gan.errors import UserError
from gan.features.base import FeatureExtractor, Features
from gan.features.classifier import MIN_IMAGE_SIZE, NUM_FEATURES, build_classifier
from gan.features.weights_cache import train_once, weights_path
from gan.images import from_uint8
from gan.keyed_random import temporary_seed
from gan.nn.sentence_encoder import SentenceEncoder
from gan.progress import progress_bar
from gan.runs.folder import OutputPath

__all__ = ["CaptionFeatures"]

RECIPE = "1"  # part of the cache key: raise it with every change of the network or its training
BATCH_SIZE = 128
STEPS = 800
LEARNING_RATE = 3e-3
MAX_COMBINATIONS = 10_000


class CaptionFeatures(FeatureExtractor):
    """Features of images that tell attributes and match sentences; a stand-in for DAMSM's encoders (Xu et al., 2018).

    The features are 128 activations. One linear layer per attribute classifies them, and the logits are those of the
    combinations, whose probabilities are products. A sentence is encoded as a vector whose inner product with the
    features is highest for images that it describes, by cross entropy among the sentences and images of a batch.

    All is trained once on the training images and their sentences, from a fixed seed, and cached.

    Args:
        data: Images with sentences.
        cache: Folder of the weights; None for the user's cache folder.

    Raises:
        UserError: If the data have no sentences, their images are too small, or there are too many combinations.
    """

    name = "captions"
    num_features = NUM_FEATURES

    def __init__(self, data: DataModule, cache: OutputPath | None = None) -> None:
        super().__init__()
        if not isinstance(data, Captioned):
            raise UserError(f"metric/features=captions needs images with sentences, and {type(data).__name__} has none")
        if data.image_size < MIN_IMAGE_SIZE:
            raise UserError(f"metric/features=captions needs images of {MIN_IMAGE_SIZE} pixels or more")
        self.sizes = data.attribute_sizes
        if prod(self.sizes) > MAX_COMBINATIONS:
            raise UserError(
                f"data.attributes have {prod(self.sizes):,} combinations, more than the {MAX_COMBINATIONS:,} that "
                "metric/features=captions tells apart: name fewer"
            )
        self.num_classes = prod(self.sizes) if self.sizes else 0
        key = f"{RECIPE} {self.sizes} {data.fingerprint('train')}"
        with temporary_seed(0):
            self.network = build_classifier(data.channels, 1)[0]
            self.heads = nn.ModuleList(nn.Linear(NUM_FEATURES, size) for size in self.sizes)
            self.sentences = SentenceEncoder(data.vocabulary_size, data.length, NUM_FEATURES)
            self.to_features = nn.Linear(NUM_FEATURES, NUM_FEATURES)
            path = weights_path("captions", key, cache)
            train_once(self, lambda: self._train(data), path, "the features of captions")
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Features:
        vectors = self.network(from_uint8(images))
        if not self.sizes:
            return Features(vectors)
        joint = vectors.new_zeros(len(vectors), 1)
        for head in self.heads:
            joint = (joint[:, :, None] + head(vectors).log_softmax(1)[:, None]).flatten(1)
        return Features(vectors, joint)

    def encode_condition(self, condition: Tensor) -> Tensor:
        return self.to_features(self.sentences(condition))

    @property
    def protocol(self) -> dict[str, Any]:
        return {"features": self.name, "weights": digest(self.state_dict().values())[:16], "resize": "none"}

    def _train(self, data: Captioned) -> None:
        dataset = data.scoring_rows
        optimizer = torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS)
        self.train()
        for _ in progress_bar(range(STEPS), STEPS, "Training the features of captions"):
            batch = dataset.__getitems__(torch.randint(len(dataset), (BATCH_SIZE,)).tolist())
            assert isinstance(batch.condition, Tensor)
            loss = self._loss(batch.real, batch.labels, batch.condition)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        self.eval()

    def _loss(self, images: Tensor, labels: Tensor, tokens: Tensor) -> Tensor:
        """Return the cross entropies of attributes, and of sentences by images and images by sentences."""
        vectors = self.network(from_uint8(images))
        loss = vectors.new_zeros(())
        for size, head in zip(reversed(self.sizes), reversed(self.heads), strict=True):
            loss = loss + F.cross_entropy(head(vectors), labels % size)
            labels = labels // size
        similarity = vectors @ self.encode_condition(tokens).T
        same = (tokens[:, None] == tokens).all(2).float()  # a sentence may occur twice
        targets = same / same.sum(1, keepdim=True)
        return loss + (F.cross_entropy(similarity, targets) + F.cross_entropy(similarity.T, targets)) / 2
