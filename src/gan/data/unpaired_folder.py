"""Folder with two sets of images without pairs."""

from functools import cached_property
from pathlib import Path
from typing import Any

from gan.bounds import Channels, Fraction, NonNegativeInt, Pixels, PositiveInt
from gan.data.folder_index import find_or_recall
from gan.data.folder_layout import FolderLayout
from gan.data.image_folder import FolderPath, ImageFolder
from gan.data.own_images import OnError
from gan.data.side_folders import LAYOUTS, Direction, SideFolders, describe_folder, find_sides
from gan.data.unpaired import Unpaired
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import MAX_PIXELS

__all__ = ["UnpairedFolder"]


class UnpairedFolder(Unpaired):
    """Two sets of images, A and B, without pairs, in one folder.

    The folder has one of these layouts. Where ``test`` is missing, ``val`` is held out, or else a share of the images.

    - ``trainA``, ``testA``, ``trainB`` and ``testB``, as CycleGAN's data sets have;
    - ``A/train``, ``A/test``, ``B/train`` and ``B/test``, or ``train/A``, ...;
    - ``A`` and ``B``.

    Args:
        path: The folder; that of B alone with ``source_path``. Nothing is read before images are needed.
        source_path: Folder of A, if it is apart; either may consist of ``train`` and ``test``.
        image_size: Height of images, which are resized and cropped, and their width unless that is given.
        channels: Channels of the images to generate.
        source_channels: Channels of the source images; None for the same.
        width: Width of images in pixels; None for squares.
        direction: ``AtoB`` translates images of A to look like those of B, ``BtoA`` the other way round.
        test_share: Share of images that is held out if no folder is.
        memory_limit: Size of the decoded images of each set in bytes up to which they are held in memory.
        on_error: ``stop`` raises an error at an unreadable image; ``skip`` logs and skips it.
        background: Colour beneath transparent pixels, as a name or ``#rrggbb``.
        max_pixels: Largest number of pixels of an image.
        **settings: Arguments of Unpaired.
    """

    def __init__(
        self,
        path: FolderPath,
        image_size: Pixels,
        channels: Channels,
        source_channels: Channels | None = None,
        width: Pixels | None = None,
        source_path: str | None = None,
        direction: Direction = "AtoB",
        test_share: Fraction = 0.1,
        memory_limit: NonNegativeInt = 2**30,
        on_error: OnError = "stop",
        background: str = "white",
        max_pixels: PositiveInt = MAX_PIXELS,
        **settings: Any,
    ) -> None:
        sides = zip(direction.split("to"), (source_channels or channels, channels), strict=True)
        source, target = (
            SideFolder(
                side=side,
                path=path,
                source_path=source_path,
                image_size=image_size,
                channels=side_channels,
                width=width,
                num_classes=1,
                test_share=test_share,
                memory_limit=memory_limit,
                on_error=on_error,
                background=background,
                max_pixels=max_pixels,
            )
            for side, side_channels in sides
        )
        super().__init__(
            source=source,
            target=target,
            image_size=image_size,
            width=width,
            channels=channels,
            source_channels=source_channels,
            **settings,
        )


class SideFolder(ImageFolder):
    """Images of one side of a folder with two.

    Args:
        side: A or B.
        path: The folder with both sides, or of B alone.
        source_path: Folder of A, if it is apart.
        **settings: Arguments of ImageFolder.
    """

    def __init__(self, side: str, path: str, source_path: str | None = None, **settings: Any) -> None:
        super().__init__(path=path, **settings)
        self.side, self.source_path = side, Path(source_path) if source_path else None

    @cached_property
    def folders(self) -> SideFolders:
        """Folders of the side's training and held-out images.

        Raises:
            UserError: If there are none.
        """
        sides = find_sides(self.path, self.source_path)
        if sides is None:
            raise UserError(
                f"data.path: {printable(str(self.path))} has no two sets of images: it needs {LAYOUTS}; "
                f"{describe_folder(self.path)}"
            )
        return sides["AB".index(self.side)]

    def read_layout(self) -> FolderLayout:
        train, test = self.folders
        try:
            return FolderLayout(find_or_recall(train), None if test is None else find_or_recall(test))
        except UserError as error:
            raise UserError(f"data.path: {error}") from error
