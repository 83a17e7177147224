"""Image files of two folders, matched by name."""

from collections.abc import Sequence
from pathlib import Path

from gan.data.find_images import FoundImages
from gan.data.order import evenly_spaced
from gan.data.streamed_images import ADVICE
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import ImageSource, name_of, open_image

__all__ = ["FilePair", "check_proportions", "match_by_name"]

FilePair = tuple[Path, Path]
MAX_HEADERS = 100  # pairs whose sizes are compared
ORIENTATION, SIDEWAYS = 0x0112, range(5, 9)  # EXIF


def match_by_name(a: FoundImages, b: FoundImages) -> list[FilePair]:
    """Match the files of A and B that have the same path in their folders, whatever their suffixes.

    Names that end with ``_A`` in A and with ``_B`` in B match without these endings.

    Raises:
        UserError: If a file has no partner, or several have one name.
    """
    sides = _by_name(a, "_A"), _by_name(b, "_B")
    for one, other, found in ((0, 1, b), (1, 0, a)):
        if alone := sides[one].keys() - sides[other].keys():
            file = printable(str(sides[one][min(alone)]))
            raise UserError(
                f"{len(alone)} images, such as {file}, have no partner of the same name in "
                f"{printable(str(found.root))}: remove them, or use data=unpaired for images without pairs"
            )
    return [(sides[0][name], sides[1][name]) for name in sorted(sides[0])]


def check_proportions(sources: Sequence[ImageSource], images: Sequence[ImageSource], max_pixels: int) -> None:
    """Check that the images of a pair have the same proportions, to a pixel, and so are cropped alike.

    At most 100 pairs are looked at.

    Raises:
        UserError: If they have not, or a file cannot be read.
    """
    for index in evenly_spaced(len(images), MAX_HEADERS):
        source, image = sources[index], images[index]
        (width, height), (other_width, other_height) = (_upright_size(side, max_pixels) for side in (source, image))
        if abs(width * other_height - other_width * height) > max(width, height, other_width, other_height):
            raise UserError(
                f"data.path: {printable(name_of(source))} has {width}x{height} pixels, and its partner "
                f"{printable(name_of(image))} {other_width}x{other_height}: both need the same proportions"
            )


def _by_name(found: FoundImages, ending: str) -> dict[str, Path]:
    names = [str(path.relative_to(found.root).with_suffix("")) for path in found.paths]
    if all(name.endswith(ending) for name in names):
        names = [name.removesuffix(ending) for name in names]
    by_name: dict[str, Path] = {}
    for name, path in zip(names, found.paths, strict=True):
        if (first := by_name.setdefault(name, path)) != path:
            raise UserError(
                f"{printable(str(first))} and {printable(path.name)} have one name, which says of "
                "neither whose partner it is: rename or remove one"
            )
    return by_name


def _upright_size(source: ImageSource, max_pixels: int) -> tuple[int, int]:
    try:
        with open_image(source, max_pixels) as image:
            width, height = image.size
            return (height, width) if image.getexif().get(ORIENTATION) in SIDEWAYS else (width, height)
    except UserError as error:
        raise UserError(f"{error}; {ADVICE}") from error
