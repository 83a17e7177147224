"""Images of a folder beside the targets in another one, which have the same names."""

from pathlib import Path

from gan.data.image_folder import ImageFolder
from gan.data.source_images import WithSources
from gan.data.streamed_images import StreamedImages
from gan.errors import UserError
from gan.formats import printable

__all__ = ["beside_targets"]


def beside_targets(images: ImageFolder, targets: ImageFolder) -> WithSources:
    """Return images as rows, with their targets as conditions.

    Args:
        images: Folder of images.
        targets: Folder of as many targets, with the images' paths; suffixes may differ.

    Raises:
        UserError: If an image or a target is alone.
    """
    ours, theirs = _by_name(images), _by_name(targets)
    if alone := ours.keys() ^ theirs.keys():
        name = min(alone)
        where = images.path if name in ours else targets.path
        raise UserError(
            f"the metric compares each image with its target: {printable(str(images.path))} and "
            f"{printable(str(targets.path))} need files of the same names, but {printable(name)} is only in "
            f"{printable(str(where))}"
        )
    rows, conditions = (
        StreamedImages([files[name] for name in sorted(files)], [0] * len(files), folder.decode)
        for files, folder in ((ours, images), (theirs, targets))
    )
    return WithSources(rows, conditions)


def _by_name(folder: ImageFolder) -> dict[str, Path]:
    """Return the files of a folder by their paths in it, without suffixes."""
    return {str(path.relative_to(folder.path).with_suffix("")): path for path in folder.files("train")}
