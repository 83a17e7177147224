"""Two sets of images without pairs: the one to generate, and the one that its images are generated from."""

from typing import Any

from PIL import Image
from torch import Tensor

from gan.bounds import Channels, Classes, Pixels
from gan.data.base import ImageDataModule, ImageDataset, Split
from gan.data.image_tensor import source_tensor
from gan.data.module import TrivialBaseline
from gan.data.source_images import WithSources
from gan.data.trivial import copies
from gan.digest import digest_of_values
from gan.errors import UserError
from gan.types import Request

__all__ = ["Unpaired"]


class Unpaired(ImageDataModule):
    """Images of one data module, and source images of another one.

    Args:
        source: Data module of the source images (A).
        target: Data module of the images to generate (B), of the same size.
        image_size: Height and width of images.
        channels: Channels of the images to generate.
        source_channels: Channels of the source images; None for the same.
        num_classes: Number of classes that both sets share; 1 for none.
        **settings: Arguments of ImageDataModule.
    """

    def __init__(
        self,
        source: ImageDataModule,
        target: ImageDataModule,
        image_size: Pixels,
        channels: Channels,
        source_channels: Channels | None = None,
        num_classes: Classes = 1,
        **settings: Any,
    ) -> None:
        super().__init__(image_size=image_size, channels=channels, num_classes=num_classes, **settings)
        self.source, self.target = source, target
        self.source_channels, self.background = source_channels or channels, target.background
        if (
            source.image_shape != (self.source_channels, *self.image_shape[1:])
            or target.image_shape != self.image_shape
        ):
            raise UserError(
                f"data.source has images of {source.image_shape} and data.target of {target.image_shape}: both need "
                "the size data.image_size, with data.source_channels and data.channels channels"
            )

    @property
    def source_shape(self) -> tuple[int, int, int]:
        return self.source_channels, self.image_size, self.width

    @property
    def scored(self) -> ImageDataModule:
        return self.target

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None = None) -> Tensor:
        return source_tensor(image, mask, self.source_channels, self.source.background)

    def load(self, split: Split) -> ImageDataset:
        return WithSources(self.target.split(split), self.source.split(split), shuffled=True)

    def load_enlarged(self, factor: float) -> ImageDataset | None:
        target, source = self.target.load_enlarged(factor), self.source.load_enlarged(factor)
        return None if target is None or source is None else WithSources(target, source, shuffled=True)

    @property
    def num_requests(self) -> int:
        return len(self.source.split("test"))

    def requests(self, indices: range) -> Request:
        """Return held-out source images with their classes, which no real row belongs to."""
        rows = self.source.split("test")
        batch = self.scale_batch(rows.__getitems__([index % len(rows) for index in indices]))
        return Request(batch.real, batch.labels)

    def trivial_baselines(self) -> dict[str, TrivialBaseline]:
        """Return a copy of the source image."""
        return copies(self.source_channels, self.channels)

    def fingerprint(self, split: Split) -> str:
        """Return a hash of both data modules' fingerprints."""
        return digest_of_values("unpaired", self.source.fingerprint(split), self.target.fingerprint(split))
