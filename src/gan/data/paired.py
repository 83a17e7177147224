"""Base class of data modules of a user's own images with the source images that they are generated from."""

from abc import abstractmethod
from dataclasses import replace
from typing import Any

from PIL import Image
from torch import Tensor

from gan.bounds import Channels
from gan.data.base import ImageDataset, Split
from gan.data.image_tensor import source_tensor
from gan.data.matched_files import check_proportions
from gan.data.module import TrivialBaseline
from gan.data.own_images import OwnImages
from gan.data.source_images import WithSources
from gan.data.streamed_images import StreamedImages
from gan.data.trivial import copies, mean_image

__all__ = ["Paired"]


class Paired(OwnImages):
    """Images, each with the source image that it is generated from.

    Args:
        source_channels: Channels of the source images; None for those of the images.
        **settings: Arguments of OwnImages.
    """

    def __init__(self, source_channels: Channels | None = None, **settings: Any) -> None:
        super().__init__(num_classes=1, **settings)
        self.source_channels = source_channels or self.channels
        self.decode_source = replace(self.decode, channels=self.source_channels)
        self._pairs = dict[Split, tuple[StreamedImages, StreamedImages]]()

    @abstractmethod
    def encoded_sources(self, split: Split) -> StreamedImages:
        """Find the source images of a split, in the order of ``encoded``."""

    @property
    def source_shape(self) -> tuple[int, int, int]:
        return self.source_channels, self.image_size, self.width

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None = None) -> Tensor:
        return source_tensor(image, mask, self.source_channels, self.background)

    def load(self, split: Split) -> ImageDataset:
        images, sources = self.pairs(split)
        if images.decode.half is None:
            check_proportions(sources.sources, images.sources, images.decode.max_pixels)
        return self._join(images, sources)

    def load_enlarged(self, factor: float) -> ImageDataset:
        images, sources = self.pairs("train")
        return self._join(images.enlarged(factor), sources.enlarged(factor))

    def pairs(self, split: Split) -> tuple[StreamedImages, StreamedImages]:
        """Return the images of a split and their sources, both of which are readable, without decoding them."""
        if split not in self._pairs:
            images, sources = self.encoded(split), self.encoded_sources(split)
            kept = self.readable(split, images, sources)
            self._pairs[split] = (images, sources) if kept is None else (images.select(kept), sources.select(kept))
        return self._pairs[split]

    def trivial_baselines(self) -> dict[str, TrivialBaseline]:
        """Return a copy of the source image, and the mean training image."""
        return copies(self.source_channels, self.channels) | {"mean": mean_image(self)}

    def _join(self, images: StreamedImages, sources: StreamedImages) -> ImageDataset:
        pairs = WithSources(images, sources)
        return pairs.in_memory() if images.decoded_size + sources.decoded_size <= self.memory_limit else pairs
