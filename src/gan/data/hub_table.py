"""Source of rows in a data set of the Hugging Face hub, or in local files that its library reads."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from gan.data.base import Split
from gan.data.own_rows import OwnRows
from gan.data.rows import Rows
from gan.data.table_rows import TableRows
from gan.errors import UserError, one_line
from gan.extras import import_extra
from gan.formats import listed, printable

if TYPE_CHECKING:
    import datasets

__all__ = ["HubTable"]

DatasetPath = Annotated[str, Field(examples=["FOLDER"])]
LOADERS = {".arrow": "arrow", ".parquet": "parquet"}
TEST_SPLITS = ("test", "validation")


class HubTable(OwnRows):
    """Rows of a data set of the Hugging Face hub, or of local files; needs the extra ``huggingface``.

    They are read from memory-mapped Arrow files, and images decoded on each access unless they are few.

    Args:
        path: Name on the hub, a folder that ``save_to_disk`` wrote, a ``.parquet`` or ``.arrow`` file, or a folder of
            such files.
        subset: Name of a configuration of the data set, if it has several.
        split: Split of the training images; None for ``train``.
        test_split: Split of the held-out images; None for ``test`` or ``validation``, or else a fixed share.
        revision: Branch, tag or commit of a data set on the hub; None for the newest.
        **settings: Arguments of the kind of example, and of OwnRows.

    Raises:
        UserError: If the data set cannot be read, or a split or column is missing.
    """

    def __init__(
        self,
        path: DatasetPath,
        subset: str | None = None,
        split: str | None = None,
        test_split: str | None = None,
        revision: str | None = None,
        **settings: Any,
    ) -> None:
        self.path, self.subset, self.revision = path, subset, revision
        self.train_split, self.test_split = split, test_split
        super().__init__(**settings)

    def read(self, split: Split) -> Rows | None:
        name = self._names.get(split)
        return None if name is None else TableRows(self._loaded[name], self.columns, self.path)

    @cached_property
    def _loaded(self) -> "datasets.DatasetDict":
        return load_tables(self.path, self.subset, self.revision)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Names of the split of training images, and of that of held-out images if there is one."""
        train = self._find("data.split", self.train_split or ("train" if "train" in self._loaded else None))
        test = self.test_split or next((name for name in TEST_SPLITS if name in self._loaded and name != train), None)
        return {"train": train} | ({"test": self._find("data.test_split", test)} if test else {})

    def _find(self, option: str, name: str | None) -> str:
        if name is None or name not in self._loaded:
            has = f"{printable(self.path)} has the splits {listed(list(self._loaded)[:10], len(self._loaded))}"
            raise UserError(f"{option}={name or 'null'}: {has}")
        return name


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
