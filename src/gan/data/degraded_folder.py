"""Folder of images, each with a degraded copy as its condition."""

from typing import Any

from gan.bounds import Channels, Classes, Fraction, NonNegativeInt, Pixels, PositiveInt
from gan.data.degraded import Degraded
from gan.data.image_folder import FolderPath, ImageFolder
from gan.data.own_images import OnError
from gan.image_files import MAX_PIXELS

__all__ = ["DegradedFolder"]


class DegradedFolder(Degraded):
    """Folder of images, each with a degraded copy as its condition.

    Args:
        path: Folder of images; see ImageFolder for this and the other options of files.
        image_size: Height of images, which are resized and cropped, and their width unless that is given.
        width: Width of images in pixels; None for squares.
        image_channels: Channels of the whole images: 1 for grey ones, 3 for colour.
        test_path: Folder of held-out images; None to hold out a share of ``path``.
        num_classes: Number of classes; None for that of the folders, 1 ignores them.
        test_share: Share of images that is held out.
        memory_limit: Size of the decoded images in bytes up to which they are held in memory.
        on_error: ``stop`` raises an error at an unreadable image; ``skip`` logs and skips it.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
        max_pixels: Largest number of pixels of an image.
        **settings: Arguments of Degraded.
    """

    def __init__(
        self,
        path: FolderPath,
        image_size: Pixels,
        width: Pixels | None = None,
        image_channels: Channels = 3,
        test_path: str | None = None,
        num_classes: Classes | None = None,
        test_share: Fraction = 0.1,
        memory_limit: NonNegativeInt = 2**30,
        on_error: OnError = "stop",
        background: str = "white",
        max_pixels: PositiveInt = MAX_PIXELS,
        **settings: Any,
    ) -> None:
        images = ImageFolder(
            path=path,
            test_path=test_path,
            num_classes=num_classes,
            test_share=test_share,
            memory_limit=memory_limit,
            on_error=on_error,
            background=background,
            max_pixels=max_pixels,
            image_size=image_size,
            width=width,
            channels=image_channels,
        )
        super().__init__(images=images, image_size=image_size, width=width, image_channels=image_channels, **settings)
