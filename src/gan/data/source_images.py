"""Images with a source image each: rows of two data sets."""

import numpy as np

from gan.data.dataset import ImageDataset, TensorImages
from gan.data.streamed_images import StreamedImages
from gan.types import Batch

__all__ = ["WithSources"]


class WithSources(ImageDataset):
    """Rows of one data set, with images of another one as their conditions.

    Args:
        images: Images to generate, with their classes.
        sources: Source images: of the same rows if the data are paired.
        shuffled: Whether the data are unpaired: there are as many rows as images in the larger set. Sources are in a
            random order, so that a row's source has nothing to do with its image, and the smaller set is gone through
            evenly, across epochs.
    """

    def __init__(self, images: ImageDataset, sources: ImageDataset, shuffled: bool = False) -> None:
        assert shuffled or len(images) == len(sources), "paired sets have equally many images"
        self.images, self.sources, self.counts_epochs = images, sources, shuffled
        self.blocks = None if shuffled else images.blocks
        number = len(sources)
        self.order = np.random.default_rng(0).permutation(number) if shuffled else np.arange(number)

    def __len__(self) -> int:
        return max(len(self.images), len(self.sources))

    def __getitems__(self, indices: list[int]) -> Batch:
        batch = self.images.__getitems__([index % len(self.images) for index in indices])
        sources = self.sources.__getitems__([int(self.order[index % len(self.order)]) for index in indices])
        return batch._replace(condition=sources.real)

    def in_memory(self) -> TensorImages:
        """Decode all pairs of streamed images, in parallel threads."""
        assert isinstance(self.images, StreamedImages)
        assert isinstance(self.sources, StreamedImages)
        images = self.images.in_memory()
        return TensorImages(images.images, images.labels, self.sources.in_memory().images)
