"""Data sets of the Hugging Face library: local forms, columns, splits, and errors."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gan.data.huggingface import HuggingFace
from gan.errors import UserError
from tests.conftest import TINY, Run

datasets = pytest.importorskip("datasets")


def table(labels: Any, declared: bool = False, first: int = 0) -> Any:
    rows = []
    for number in range(first, first + 20):
        file = io.BytesIO()
        Image.new("L", (8, 8), number).save(file, "PNG")
        rows.append({"bytes": file.getvalue(), "path": None})
    label = datasets.ClassLabel(names=["ant", "bee", "cat"]) if declared else datasets.Value(type_of(labels))
    features = datasets.Features({"image": datasets.Image(), "kind": label, "size": datasets.Value("int64")})
    return datasets.Dataset.from_dict({"image": rows, "kind": labels, "size": [8] * 20}, features=features)


def write_plain(path: Path, form: str) -> None:
    """Write a parquet file as pyarrow does, which declares no images."""
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    images = [row["image"]["bytes"] for row in table(NUMBERS).cast_column("image", datasets.Image(decode=False))]
    structs = [{"path": None, "bytes": image} for image in images]
    columns = {
        "binary": lambda: arrow.array(images, arrow.binary()),
        "large_binary": lambda: arrow.array(images, arrow.large_binary()),
        "struct": lambda: arrow.array(structs),
        "large_struct": lambda: arrow.array(structs, arrow.struct({"bytes": arrow.large_binary()})),
    }
    parquet.write_table(arrow.table({"kind": NUMBERS, "image": columns[form]()}), path)


def type_of(labels: Any) -> str:
    return "string" if isinstance(labels[0], str) else "int64"


NUMBERS = [number % 3 for number in range(20)]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., HuggingFace]:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    settings = {"image_size": 8, "channels": 1, "batch_size": 4, "memory_limit": 0}
    return lambda path, **options: HuggingFace(str(path), **{**settings, **options})


@pytest.fixture
def local(tmp_path: Path) -> Path:
    table(NUMBERS, declared=True).save_to_disk(tmp_path / "declared")
    both = datasets.DatasetDict(train=table(NUMBERS), validation=table(NUMBERS, first=100))
    both.save_to_disk(tmp_path / "both")
    table([["x", "w", "v"][number] for number in NUMBERS]).to_parquet(tmp_path / "named.parquet")
    (tmp_path / "files").mkdir()
    for split, first in (("train", 0), ("test", 50)):
        table(NUMBERS, first=first).to_parquet(tmp_path / "files" / f"{split}.parquet")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "train", "test", "labels"),
    [
        ("declared", 18, 2, NUMBERS),
        ("both", 20, 20, NUMBERS),
        ("named.parquet", 18, 2, [2 - number for number in NUMBERS]),
        ("files", 20, 20, NUMBERS),
    ],
)
def test_local_forms(
    local: Path, make: Callable[..., HuggingFace], name: str, train: int, test: int, labels: list[int]
) -> None:
    data = make(local / name, label="kind")
    assert (data.num_classes, len(data.split("train")), len(data.split("test"))) == (3, train, test)
    for batch in data.batches("train"):
        assert batch.labels.tolist() == [labels[level] for level in batch.real[:, 0, 0, 0].tolist()]
    assert data.fingerprint("train") == make(local / name, label="kind").fingerprint("train")
    assert data.fingerprint("train") != data.fingerprint("test")
    assert make(local / name).num_classes == 1


@pytest.mark.parametrize("image", [None, "image"])
@pytest.mark.parametrize("form", ["binary", "large_binary", "struct", "large_struct"])
def test_bytes_need_no_declaration(
    tmp_path: Path, make: Callable[..., HuggingFace], form: str, image: str | None
) -> None:
    write_plain(tmp_path / "plain.parquet", form)
    (batch,) = make(tmp_path / "plain.parquet", label="kind", image=image, batch_size=18).batches("train")
    levels = batch.real[:, 0, 0, 0].tolist()
    assert batch.labels.tolist() == [NUMBERS[level] for level in levels]
    assert len(set(levels)) == 18


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("absent", {}, r"data\.path: cannot load .*absent"),
        ("both", {"split": "dev"}, r"data\.split=dev: .*both has the splits train, validation"),
        ("both", {"test_split": "dev"}, r"data\.test_split=dev: .*both has the splits train, validation"),
        ("declared", {"image": "img"}, r"data\.image=img: .*declared has the columns image, kind, size"),
        ("declared", {"image": "size"}, r"data\.image=size: the column holds Value.*, and no images"),
        ("declared", {"label": "class"}, r"data\.label=class: .* has the columns image, kind, size"),
        (
            "declared",
            {"label": "kind", "num_classes": 2},
            r"data\.num_classes=2, but .* has 3 classes with data\.label=kind",
        ),
    ],
)
def test_errors(
    local: Path, make: Callable[..., HuggingFace], name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as error:
        make(local / name, **options).split("train")
    assert "\n" not in str(error.value)


def test_an_absent_library_is_named(make: Callable[..., HuggingFace], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"data=huggingface needs packages: pip install -e '\.\[huggingface\]'"):
        make("x").split("train")


def test_a_run(local: Path, train: Callable[..., Run]) -> None:
    options = ["data=huggingface", f"data.path={local / 'both'}", "data.label=kind", "data.image_size=16"]
    options += [
        "data.channels=1",
        "model=cgan",
        "loss=hinge",
        "data.batch_size=8",
        "callbacks.evaluation=null",
        "callbacks.neighbors=null",
    ]
    run = train(*(option for option in TINY if "batch" not in option), *options, "trainer.max_steps=2")
    assert run.status == 0, run.err
    assert run.checkpoint()["config"]["data"]["num_classes"] == 3
