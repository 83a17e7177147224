"""Base class of data modules of a user's own images: decoded on each access, or held in memory if they are few."""

from abc import abstractmethod
from typing import Any, Literal

from gan.bounds import Classes, Fraction, NonNegativeInt, PositiveInt
from gan.data.base import ImageDataModule, ImageDataset, Split
from gan.data.image_tensor import check_background
from gan.data.streamed_images import Decoder, StreamedImages
from gan.image_files import MAX_PIXELS

__all__ = ["OnError", "OwnImages"]

OnError = Literal["stop", "skip"]


class OwnImages(ImageDataModule):
    """Images of unknown origin, which are resized and cropped to one size.

    Args:
        num_classes: Number of classes; None if it is found later, by the derived class.
        test_share: Share of images that is held out, if none are given.
        memory_limit: Size of the decoded images in bytes up to which they are held in memory.
        on_error: ``stop`` raises an error at an image that is unreadable, or that lacks its label, or whose caption is
            missing or does not fit; ``skip`` leaves it out, and logs which.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
        max_pixels: Largest number of pixels of an image; a larger one is unreadable. Decoding takes 10 to 20 bytes
            per pixel and thread.
        **settings: Arguments of ImageDataModule.

    Raises:
        UserError: If ``background`` is not a colour.
    """

    def __init__(
        self,
        num_classes: Classes | None = None,
        test_share: Fraction = 0.1,
        memory_limit: NonNegativeInt = 2**30,
        on_error: OnError = "stop",
        background: str = "white",
        max_pixels: PositiveInt = MAX_PIXELS,
        **settings: Any,
    ) -> None:
        super().__init__(num_classes=num_classes or 1, **settings)
        self.test_share, self.memory_limit, self.on_error = test_share, memory_limit, on_error
        self.background = check_background(background)
        self.decode = Decoder(self.image_size, self.channels, background, max_pixels, self.width)
        self._streams = dict[Split, StreamedImages]()
        self._readable_rows = dict[Split, list[int]]()

    @abstractmethod
    def encoded(self, split: Split) -> StreamedImages:
        """Find the images of a split, without decoding them.

        Raises:
            UserError: If files are missing, or do not have ``num_classes`` classes.
        """

    def load(self, split: Split) -> ImageDataset:
        return self.images(split).in_memory_up_to(self.memory_limit)

    def load_enlarged(self, factor: float) -> ImageDataset | None:
        return self.images("train").enlarged(factor).in_memory_up_to(self.memory_limit)

    def readable(self, split: Split, *images: StreamedImages) -> list[int] | None:
        """Return the indices of a split's rows whose images are all readable, or None for all; they are found once.

        Args:
            split: The split.
            *images: Sets with an image of each row.
        """
        if self.on_error == "skip" and split not in self._readable_rows:
            kept = set.intersection(*(set(dataset.readable()) for dataset in images))
            self._readable_rows[split] = sorted(kept)
        return self._readable_rows.get(split)

    def images(self, split: Split) -> StreamedImages:
        """Return the readable images of a split, without decoding them."""
        if split not in self._streams:
            dataset = self.encoded(split)
            kept = self.readable(split, dataset)
            self._streams[split] = dataset if kept is None else dataset.select(kept)
        return self._streams[split]
