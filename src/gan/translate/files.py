"""Files of a translation: source images with their masks, and the names of their translations."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gan.data.find_images import find_images
from gan.errors import UserError
from gan.formats import printable

__all__ = ["Job", "find_jobs"]


@dataclass(frozen=True)
class Job:
    """Image file to translate.

    Attributes:
        source: The image.
        mask: Its mask; None for none.
        out: PNG file of the translation.
    """

    source: Path
    mask: Path | None
    out: Path


def find_jobs(images: Sequence[Path], mask: Path | None, out: Path) -> list[Job]:
    """Find the images to translate, and name their translations.

    A translation has the name of its image with the suffix ``.png``, within the subfolder of ``out`` that the image has
    in its folder. Where two would have one name, later ones are numbered: ``cat.png``, ``cat-2.png``.

    Args:
        images: Files, and folders whose images are found at any depth, but for those that lie in ``out``.
        mask: Mask of all images, or folder of masks that have the images' names, with any suffix; None for none.
        out: Folder of the translations.

    Raises:
        UserError: If a file or folder is missing, an image has no mask, or a translation would overwrite an image.
    """
    found = [pair for path in images for pair in _find(path, out)]
    if not found:
        raise UserError(f"--out {out}: the folders of images hold no others than those in it")
    masks = {name: file for file, name in _find(mask, mask)} if mask is not None and mask.is_dir() else {}
    sources = {source.resolve() for source, _ in found}
    taken: set[str] = set()
    jobs = []
    for source, name in found:
        target = out / _unique(name, taken)
        if target.resolve() in sources:
            raise UserError(
                f"--out {out}: a translation would overwrite the image {printable(str(target))}; name another folder"
            )
        jobs.append(Job(source, _mask_of(source, name, mask, masks), target))
    return jobs


def _find(path: Path, out: Path) -> list[tuple[Path, Path]]:
    """List the images at a path, each with its path below that, without a suffix."""
    if not path.is_dir():
        return [(path, Path(path.stem))]  # a missing file is reported with those that cannot be read
    files = list(find_images(path).paths)
    inside = out.resolve() != path.resolve() and out.resolve().is_relative_to(path.resolve())
    if inside:
        files = [file for file in files if not file.resolve().is_relative_to(out.resolve())]
    return [(file, file.relative_to(path).with_suffix("")) for file in files]


def _unique(name: Path, taken: set[str]) -> Path:
    """Return a PNG's path that is not taken, and take it; file systems may ignore case."""
    number, target = 1, name.with_name(f"{name.name}.png")
    while str(target).casefold() in taken:
        number += 1
        target = name.with_name(f"{name.name}-{number}.png")
    taken.add(str(target).casefold())
    return target


def _mask_of(image: Path, name: Path, mask: Path | None, by_name: dict[Path, Path]) -> Path | None:
    """Return an image's mask: the one of its name in a folder of masks, or else the one for all images."""
    if not by_name:
        return mask
    if (own := by_name.get(name, by_name.get(Path(name.name)))) is None:
        raise UserError(f"--mask {mask}: there is no mask {printable(str(name))} for the image {printable(str(image))}")
    return own
