"""Tar files of samples: their index, splits, order, downloads, and errors."""

import io
import json
import tarfile
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan.data import tar_index
from gan.data.rows import Columns
from gan.data.shards import expand_braces
from gan.data.webdataset import WebDataset
from gan.errors import UserError
from tests.conftest import TINY, Run


def png(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (8, 8), level).save(file, "PNG")
    return file.getvalue()


def write_tar(path: Path, members: dict[str, bytes]) -> None:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def sample(number: int, label: bytes) -> dict[str, bytes]:
    named = json.dumps({"kind": label.decode(), "width": 8}).encode()
    return {f"a/{number:03d}.png": png(number), f"a/{number:03d}.cls": label, f"a/{number:03d}.json": named}


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Write 4 shards of 10 images each, whose levels are their numbers, in 3 classes."""
    for shard in range(4):
        rows = [sample(number, b"%d\n" % (number % 3)) for number in range(10 * shard, 10 * shard + 10)]
        write_tar(tmp_path / "shards" / f"x-{shard:02d}.tar", {k: v for row in rows for k, v in row.items()})
    return tmp_path / "shards"


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., WebDataset]:
    settings = {"image_size": 8, "channels": 1, "batch_size": 4, "cache": str(tmp_path / "cache")}
    return lambda path, **options: WebDataset(str(path), **{**settings, **options})


def levels(batch: Any) -> list[int]:
    return batch.real[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("memory_limit", [0, 2**20])
def test_each_image_is_in_one_split_with_its_label(
    shards: Path, make: Callable[..., WebDataset], memory_limit: int
) -> None:
    data = make(shards, label="cls", memory_limit=memory_limit)
    assert data.num_classes == 3
    batches = [batch for split in ("train", "test") for batch in data.batches(split)]
    rows = [row for batch in batches for row in zip(levels(batch), batch.labels.tolist(), strict=True)]
    assert sorted(rows) == [(number, number % 3) for number in range(40)]
    assert len(data.split("test")) == 4
    assert data.fingerprint("train") != data.fingerprint("test")


@pytest.mark.parametrize(
    ("pattern", "number"), [("x-*.tar", 40), ("x-{00..01}.tar", 20), ("x-{02..03}.tar", 20), ("x-01.tar", 10)]
)
def test_patterns(shards: Path, make: Callable[..., WebDataset], pattern: str, number: int) -> None:
    data = make(shards / pattern)
    assert (data.num_classes, len(data.split("train")) + len(data.split("test"))) == (1, number)
    held_out = make(shards / "x-00.tar", test_path=str(shards / pattern))
    assert (len(held_out.split("train")), len(held_out.split("test"))) == (10, number)


def test_braces_keep_zeros() -> None:
    assert expand_braces("a{08..10}-{1..2}") == ["a08-1", "a08-2", "a09-1", "a09-2", "a10-1", "a10-2"]


def test_labels_of_json_are_sorted(shards: Path, make: Callable[..., WebDataset]) -> None:
    rows = {
        k: v for number, label in enumerate([b"dog", b"cat", b"dog", b"eel"]) for k, v in sample(number, label).items()
    }
    write_tar(shards / "named.tar", rows)
    data = make(shards / "named.tar", test_path=str(shards / "named.tar"), label="json.kind")
    assert data.classes == ["cat", "dog", "eel"]
    (batch,) = data.batches("test")
    assert batch.labels.tolist() == [1, 0, 1, 2]
    assert make(shards / "named.tar", label="json.width").num_classes == 1


def test_the_index_is_made_once_and_anew_for_a_changed_file(
    shards: Path, make: Callable[..., WebDataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, make_index = list[Path](), tar_index.make_index

    def record(path: Path, columns: Columns) -> tar_index.TarIndex:
        made.append(path)
        return make_index(path, columns)

    monkeypatch.setattr(tar_index, "make_index", record)
    for _ in range(2):
        assert len(make(shards).shards) == 4
    assert len(made) == 4
    write_tar(shards / "x-00.tar", sample(7, b"0") | sample(8, b"1"))
    assert [len(shard) for shard in make(shards).shards] == [2, 10, 10, 10]
    assert len(made) == 5


def test_an_epoch_reads_few_shards_at_a_time(shards: Path, make: Callable[..., WebDataset]) -> None:
    data = make(shards, test_path=str(shards), memory_limit=0, mixed_shards=1, batch_size=10)
    order = iter(data.train_dataloader())
    epochs = [[levels(next(order)) for _ in range(4)] for _ in range(2)]
    for epoch in epochs:
        assert all(len({level // 10 for level in batch}) == 1 for batch in epoch), "a batch is one shard"
        assert sorted(chain(*epoch)) == list(range(40))
    assert epochs[0] != epochs[1]
    assert all(batch != sorted(batch) for batch in epochs[0])


@pytest.mark.parametrize("seen", [0, 12, 44])
def test_a_run_resumes_in_the_middle_of_a_shard(shards: Path, make: Callable[..., WebDataset], seen: int) -> None:
    whole, resumed = (make(shards, memory_limit=0, mixed_shards=2, num_workers=workers) for workers in (0, 1))
    resumed.load_state_dict({"images_seen": seen})
    expected, found = iter(whole.train_dataloader()), iter(resumed.train_dataloader())
    for _ in range(seen // 4):
        next(expected)
    for _ in range(3):
        assert torch.equal(next(expected).real, next(found).real)


def test_a_limit_keeps_the_blocks(shards: Path, make: Callable[..., WebDataset]) -> None:
    data = make(shards, test_path=str(shards), memory_limit=0, mixed_shards=1, limit=20, batch_size=5)
    order = iter(data.train_dataloader())
    batches = [levels(next(order)) for _ in range(4)]
    assert sorted(chain(*batches)) == list(range(0, 40, 2))
    assert all(len({level // 10 for level in batch}) == 1 for batch in batches)


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


def test_urls_are_downloaded_once(shards: Path, make: Callable[..., WebDataset]) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(shards))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        data = make(f"{url}/x-{{00..02}}.tar")
        assert len(data.split("train")) == 27
        with pytest.raises(UserError, match=r"cannot download .*missing\.tar \(Not Found\)|File not found"):
            make(f"{url}/missing.tar").split("train")
        server.shutdown()
    assert len(make(f"{url}/x-{{00..02}}.tar").split("train")) == 27, "the server is gone"
    with pytest.raises(UserError, match=r"cannot download http.*refused"):
        make(f"{url}/x-03.tar").split("train")


@pytest.mark.parametrize("held_out", [None, "x-01.tar"])
def test_samples_without_a_label_are_skipped(
    shards: Path, make: Callable[..., WebDataset], held_out: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    rows = {k: v for number in range(10) for k, v in sample(number, b"%d" % (number % 3)).items()}
    for name in ("a/003.cls", "a/007.cls"):
        del rows[name]
    write_tar(shards / "x-00.tar", rows)
    path = None if held_out is None else str(shards / held_out)
    data = make(shards / "x-00.tar", test_path=path, label="cls", on_error="skip")
    assert data.num_classes == 3
    batches = [batch for split in ("train", "test") for batch in data.batches(split)]
    found = [row for batch in batches for row in zip(levels(batch), batch.labels.tolist(), strict=True)]
    kept = {*range(20 if held_out else 10)} - {3, 7}
    assert sorted(found) == [(number, number % 3) for number in sorted(kept)]
    assert caplog.text.count("Skipped: rows without data.label=cls: ") == 1


def load_both(make: Callable[..., WebDataset], **options: Any) -> None:
    data = make(**options)
    data.split("train")
    data.split("test")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "absent"}, r"data\.path: .*absent matches no \.tar files"),
        ({"path": "{0..999999}.tar"}, r"\{0\.\.999999\} in .* is no range of up to 100,000 numbers"),
        ({"label": "txt"}, r"data\.label=txt: .*x-00\.tar:a/000 has no such member: leave out the column with "),
        ({"label": "json.size"}, r"data\.label=json\.size: .*a/000 has no such member"),
        ({"label": "cls", "num_classes": 5}, r"data\.num_classes=5, but .* has 3 classes with data\.label=cls"),
        ({"num_classes": 5}, r"data\.num_classes=5, but .* has no classes with data\.label=null"),
        ({"image": "jpg"}, r"x-00\.tar has no members with the extension jpg"),
        (
            {"path": "x-00.tar", "test_path": "bad/odd.tar", "label": "cls"},
            r"has the class 9, which no training image has",
        ),
        ({"path": "bad/text.tar"}, r"text\.tar is no whole tar file \(only plain"),
        ({"path": "bad/cut.tar"}, r"cut\.tar is cut off within its first member: copy it again"),
        ({"path": "bad/header.tar", "label": "cls"}, r"header\.tar is cut off after a/000\.json: copy it again"),
        ({"path": "x-{02..05}.tar"}, r"data\.path: 2 of the 4 shards of .* are missing: x-04\.tar, x-05\.tar$"),
        ({"path": "x-{08..09}.tar"}, r"x-\{08\.\.09\}\.tar matches no \.tar files"),
        ({"test_path": "x-{03..23}.tar"}, r"data\.test_path: 20 of the 21 .* x-13\.tar and 10 more$"),
        ({"path": "bad/image.tar"}, r"cannot read the image .*image\.tar:a/b\.png"),
    ],
)
def test_errors(shards: Path, make: Callable[..., WebDataset], options: dict[str, Any], message: str) -> None:
    bad = shards / "bad"
    write_tar(bad / "odd.tar", sample(0, b"9") | sample(1, b"9"))
    write_tar(bad / "image.tar", {f"a/{name}.png": b"no image" for name in "bcdef"})
    (bad / "text.tar").write_text("no tar file" * 100)
    (bad / "cut.tar").write_bytes((shards / "x-00.tar").read_bytes()[:550])
    (bad / "header.tar").write_bytes((shards / "x-00.tar").read_bytes()[: 6 * 512 + 100])
    paths: dict[str, Any] = {name: str(shards / options[name]) for name in ("path", "test_path") if name in options}
    with pytest.raises(UserError, match=message) as error:
        load_both(make, **({"path": shards} | options | paths))
    assert "\n" not in str(error.value)


def test_a_run(shards: Path, train: Callable[..., Run], tmp_path: Path) -> None:
    path = f'data.path="{shards}/x-{{00..03}}.tar"'  # Hydra takes braces within quotes alone
    options = ["data=webdataset", path, "data.label=cls", "data.image_size=16", "data.channels=1"]
    options += [
        f"data.cache={tmp_path / 'cache'}",
        "model=cgan",
        "loss=hinge",
        "data.batch_size=8",
        "callbacks.evaluation=null",
        "callbacks.neighbors=null",
    ]
    run = train(*(option for option in TINY if "batch" not in option), *options, "trainer.max_steps=2")
    assert run.status == 0, run.err
    assert "Found 40 images in 4 shards" in run.out + run.err
    assert run.checkpoint()["config"]["data"]["num_classes"] == 3
    assert np.isfinite(run.checkpoint()["global_step"])
