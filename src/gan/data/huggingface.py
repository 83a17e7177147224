"""Images of a data set of the Hugging Face hub, or of local files that its library reads."""

import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, overload

import numpy as np
from pydantic import Field

from gan.bounds import Classes
from gan.data.base import Split
from gan.data.order import hold_out
from gan.data.own_images import OwnImages
from gan.data.streamed_images import StreamedImages
from gan.digest import digest_of_values
from gan.errors import UserError, one_line
from gan.extras import import_extra
from gan.formats import listed, printable
from gan.image_files import EncodedImage

if TYPE_CHECKING:
    import datasets

__all__ = ["HuggingFace"]

log = logging.getLogger(__name__)

DatasetPath = Annotated[str, Field(examples=["FOLDER"])]
LOADERS = {".arrow": "arrow", ".parquet": "parquet"}
TEST_SPLITS = ("test", "validation")


class HuggingFace(OwnImages):
    """Images of a data set of the Hugging Face hub, or of local files; needs the extra ``huggingface``.

    Rows are read from memory-mapped Arrow files, and decoded on each access unless they are few.

    Args:
        path: Name on the hub, a folder that ``save_to_disk`` wrote, a ``.parquet`` or ``.arrow`` file, or a folder of
            such files.
        subset: Name of a configuration of the data set, if it has several.
        split: Split of the training images; None for ``train``.
        test_split: Split of the held-out images; None for ``test`` or ``validation``, or else a fixed share.
        image: Column of the images.
        label: Column of the classes: numbers, names or class labels; None for no labels.
        num_classes: Number of classes; 1 ignores labels. None takes the number that is found.
        revision: Branch, tag or commit of a data set on the hub; None for the newest.
        **settings: Arguments of OwnImages.

    Raises:
        UserError: If the data set cannot be read, or a split or column is missing.
    """

    def __init__(
        self,
        path: DatasetPath,
        subset: str | None = None,
        split: str | None = None,
        test_split: str | None = None,
        image: str = "image",
        label: str | None = None,
        num_classes: Classes | None = None,
        revision: str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(num_classes=num_classes, **settings)
        self.path, self.subset, self.revision = path, subset, revision
        self.train_split, self.test_split = split, test_split
        self.image, self.label = image, None if num_classes == 1 else label
        if num_classes is None:
            self.num_classes = len(self.classes) or 1

    @cached_property
    def tables(self) -> dict[str, "datasets.Dataset"]:
        """Training images as ``train``, and held-out images, if they are a split of their own, as ``test``."""
        loaded = load_tables(self.path, self.subset, self.revision)
        train = self._find(loaded, "data.split", self.train_split or ("train" if "train" in loaded else None))
        test = self.test_split or next((name for name in TEST_SPLITS if name in loaded and name != train), None)
        names = {"train": train} | ({"test": self._find(loaded, "data.test_split", test)} if test else {})
        return {split: self._check(loaded[name]) for split, name in names.items()}

    @cached_property
    def classes(self) -> list[Any]:
        """Labels that occur in the training images, or that the data set declares."""
        if self.label is None:
            return []
        declared = getattr(self.tables["train"].features[self.label], "names", None)
        return list(range(len(declared))) if declared else sorted(self.tables["train"].unique(self.label))

    def encoded(self, split: Split) -> StreamedImages:
        table = self.tables.get(split, self.tables["train"])
        if split == "train":
            held_out = "test" if "test" in self.tables else "a share"
            log.info("Found %s images in %s; held out: %s", f"{len(table):,}", printable(self.path), held_out)
        dataset = StreamedImages(TableImages(table, self.image), self._labels(table), self.decode)
        if "test" in self.tables:
            return dataset
        if len(table) < 4:
            raise UserError(f"data.path: {printable(self.path)} has {len(table)} images, too few to hold some out")
        return dataset.select(hold_out(len(table), self.test_share, split))

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the library's fingerprint of the rows, and of the settings of their decoding."""
        table = self.tables.get(split, self.tables["train"])
        share = None if "test" in self.tables else (self.test_share, split)
        columns = (self.image, self.label, len(table))
        return digest_of_values("huggingface", table._fingerprint, columns, share, self.decode, self.on_error)

    def _labels(self, table: "datasets.Dataset") -> np.ndarray:
        """Return the classes of all images, int64.

        Raises:
            UserError: If there are others than ``num_classes``.
        """
        if self.label is None or self.num_classes == 1:
            return np.zeros(len(table), np.int64)
        if len(self.classes) != self.num_classes:
            found = len(self.classes)
            raise UserError(f"data.num_classes={self.num_classes}, but the column {self.label} has {found} classes")
        number = {label: index for index, label in enumerate(self.classes)}
        labels = table.with_format(None)[self.label]
        if unknown := next((label for label in labels if label not in number), None):
            raise UserError(f"data.label={self.label}: a row has the class {printable(str(unknown))}, which is unknown")
        return np.array([number[label] for label in labels], np.int64)

    def _find(self, loaded: "datasets.DatasetDict", option: str, name: str | None) -> str:
        if name is None or name not in loaded:
            has = f"{printable(self.path)} has the splits {listed(list(loaded)[:10], len(loaded))}"
            raise UserError(f"{option}={name or 'null'}: {has}")
        return name

    def _check(self, table: "datasets.Dataset") -> "datasets.Dataset":
        """Check that a table has the columns, and return it with images that are not decoded."""
        library = import_extra("datasets", "huggingface", "data=huggingface")
        columns = {"data.image": self.image} | ({} if self.label is None else {"data.label": self.label})
        for option, column in columns.items():
            if column not in table.features:
                has = listed([printable(name, 60) for name in table.column_names[:10]], len(table.column_names))
                raise UserError(f"{option}={column}: {printable(self.path)} has the columns {has}")
        if not isinstance(table.features[self.image], library.Image):
            raise UserError(f"data.image={self.image}: the column holds {table.features[self.image]}, and no images")
        return table.cast_column(self.image, library.Image(decode=False))


class TableImages(Sequence[EncodedImage]):
    """Images of a column, each of which is read when it is indexed.

    Args:
        table: Table whose images are not decoded.
        column: The column.
    """

    def __init__(self, table: "datasets.Dataset", column: str) -> None:
        self.table, self.column = table.select_columns([column]), column

    def __len__(self) -> int:
        return len(self.table)

    @overload
    def __getitem__(self, index: int) -> EncodedImage: ...

    @overload
    def __getitem__(self, index: slice) -> list[EncodedImage]: ...

    def __getitem__(self, index: int | slice) -> EncodedImage | list[EncodedImage]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        value = self.table[index][self.column]
        if value is None:
            raise UserError(f"row {index:,} of the column {self.column} has no image")
        name, content = value["path"] or f"row {index:,}", value["bytes"]
        return EncodedImage(name, Path(name).read_bytes() if content is None else content)


def load_tables(path: str, subset: str | None, revision: str | None) -> "datasets.DatasetDict":
    """Load a data set by the library.

    Raises:
        UserError: If the library is absent, or refuses.
    """
    library = import_extra("datasets", "huggingface", "data=huggingface")
    local = Path(path)
    try:
        if (local / "dataset_dict.json").is_file() or (local / "dataset_info.json").is_file():
            loaded = library.load_from_disk(path)
        elif local.suffix in LOADERS and local.is_file():
            loaded = library.load_dataset(LOADERS[local.suffix], data_files=path)
        else:
            loaded = library.load_dataset(path, subset, revision=revision)
    except Exception as error:  # the library, its file systems and its readers raise errors of many kinds
        raise UserError(f"data.path: cannot load {printable(path)} ({printable(one_line(error))})") from error
    return loaded if isinstance(loaded, library.DatasetDict) else library.DatasetDict(train=loaded)
