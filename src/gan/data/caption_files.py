"""Captions in files: JSON lines with ``file`` and ``caption``, or ``text/NAME.txt`` beside ``images/NAME.png``."""

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gan.data.find_images import find_images
from gan.data.module import Split
from gan.data.order import hold_out
from gan.data.own_images import OnError
from gan.errors import UserError
from gan.formats import listed, printable

__all__ = ["FileCaption", "read_captions", "split_captions"]

log = logging.getLogger(__name__)

TEXT_FOLDERS = ("images", "text")
SPLIT_FOLDERS = ("test", "val")


class FileCaption(NamedTuple):
    """Sentence about an image file.

    Attributes:
        place: Where it is written, for messages.
        file: Path of the image, relative to the folder.
        text: The sentence.
        attributes: Values of the image's attributes.
    """

    place: str
    file: str
    text: str
    attributes: tuple[str, ...] = ()


def read_captions(
    folder: Path, captions: Path | None, attributes: Sequence[str], on_error: OnError = "stop"
) -> list[FileCaption]:
    """Read all captions of a folder of images.

    Args:
        folder: Folder of the images, or of ``images`` and ``text``.
        captions: File of JSON lines; None for ``text/NAME.txt``, with one sentence a line.
        attributes: Fields of the JSON lines that are read beside the sentence.
        on_error: ``skip`` leaves out images without text, and text without an image, and logs them.

    Raises:
        UserError: If a file is missing, or cannot be read as such.
    """
    if captions is not None:
        return list(_read_json_lines(captions, attributes))
    images, texts = (folder / name for name in TEXT_FOLDERS)
    if not (images.is_dir() and texts.is_dir()):
        raise UserError(
            f"data.path: {printable(str(folder))} has no captions: it needs the folders images and text, with "
            "text/NAME.txt for images/NAME.png, or data.captions=FILE, JSON lines with file and caption"
        )
    if attributes:
        raise UserError("data.attributes are fields of JSON lines, and text files have none: leave them out")
    return _read_texts(images, texts, on_error)


def split_captions(captions: Sequence[FileCaption], share: float) -> dict[Split, list[FileCaption]]:
    """Split captions by their images: those of images in a folder ``test`` or ``val``, or a fixed share, are held out.

    Raises:
        UserError: If there are too few images.
    """
    files = list(dict.fromkeys(caption.file for caption in captions))
    named = {file for file in files if any(part in SPLIT_FOLDERS for part in Path(file).parts[:-1])}
    if not named or len(named) == len(files):
        if len(files) < 4:
            raise UserError(f"data.path: captions of {len(files)} images are too few to train on and hold some out")
        named = {files[index] for index in hold_out(len(files), share, "test")}
    return {
        "train": [caption for caption in captions if caption.file not in named],
        "test": [caption for caption in captions if caption.file in named],
    }


def _read_texts(images: Path, texts: Path, on_error: OnError) -> list[FileCaption]:
    """Read the captions of a folder of images, in a folder of text files with the same names."""
    names = [file.relative_to(images) for file in find_images(images).paths]
    files = {name: name.with_suffix(".txt") for name in names}
    written = {path.relative_to(texts) for path in texts.rglob("*.txt") if not path.name.startswith(".")}
    lines = {file: _lines(texts / file) for file in files.values() if file in written}
    faults = {
        "images without text/NAME.txt": [f"images/{name}" for name, file in files.items() if file not in lines],
        "text without an image of its name": [f"text/{file}" for file in sorted(written.difference(files.values()))],
        "text without a sentence": [f"text/{file}" for file, found in lines.items() if not found],
    }
    for fault, places in faults.items():
        if places:
            message = f"{fault}: {listed([printable(place) for place in places[:3]], len(places))}"
            if on_error == "stop":
                folder = printable(str(images.parent))
                raise UserError(f"data.path: {folder} has {message}; data.on_error=skip leaves them out")
            log.warning("Skipped: %s", message)
    return [
        FileCaption(f"{texts / file}:{number}", f"images/{name}", line)
        for name, file in files.items()
        for number, line in lines.get(file, [])
    ]


def _lines(path: Path) -> list[tuple[int, str]]:
    """Return the sentences of a file, with the numbers of their lines."""
    return [(number, line.strip()) for number, line in enumerate(_read(path).split("\n"), 1) if line.strip()]


def _read_json_lines(path: Path, attributes: Sequence[str]) -> Iterator[FileCaption]:
    for number, line in enumerate(_read(path).split("\n"), 1):
        place = f"{path}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{place} is no JSON ({error.msg}): each line needs file and caption") from error
        texts = _texts(row, place)
        missing = [name for name in attributes if not isinstance(row.get(name), str | bool | int)]
        if missing:
            raise UserError(f"{place} has no attribute {missing[0]!r}, which data.attributes names")
        values = tuple(str(row[name]) for name in attributes)
        yield from (FileCaption(place, row["file"], text, values) for text in texts)


def _texts(row: Any, place: str) -> list[str]:
    """Return the sentences of a line: its caption, or each of several."""
    if not isinstance(row, dict) or not isinstance(row.get("file"), str) or "caption" not in row:
        raise UserError(f'{place} needs file and caption, as in {{"file": "0.png", "caption": "a red bird"}}')
    texts = row["caption"] if isinstance(row["caption"], list) else [row["caption"]]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise UserError(f"{place} needs a caption that is text, or a list of texts")
    if Path(row["file"]).is_absolute() or ".." in Path(row["file"]).parts:
        raise UserError(f"{place}: {printable(row['file'])} is not a path within the folder of images")
    return texts


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UserError(f"there is no {printable(str(path))}, which should hold captions") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{printable(str(path))} cannot be read as UTF-8 text ({error})") from error
