"""Many image files, in folders and in tar files: start, memory, and loading, compared with a bare loop."""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from gan.benchmark.interleaving import measure_alternately
from gan.benchmark.output import format_ratios, make_result
from gan.benchmark.start import CALLBACK, TRAIN
from gan.data.dataset import collate
from gan.data.image_folder import ImageFolder
from gan.data.module import DataModule
from gan.data.streamed_images import Decoder
from gan.data.webdataset import WebDataset
from gan.host import peak_memory
from gan.progress import progress_bar
from gan.types import Batch

__all__ = ["files"]

CLASSES, PER_SHARD = 100, 2000
BATCH, BATCHES = 64, 30  # of a measurement of loading
SIZE = 64
SIZES = (64, 256)  # smallest and largest height and width of a file
KINDS = 50  # different images, which are written again and again


def files(options: list[str], rounds: int, images: int) -> dict[str, Any]:
    """Write JPEG files, and measure the start on them, the memory that holds their names, and their loading.

    Args:
        options: Further options of train.py, for the start.
        rounds: Measurements of loading.
        images: Number of files.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, images)
        starts = {data: _time_starts(folder, data, options) for data in ("image_folder", "webdataset")}
        before = peak_memory(torch.device("cpu"))
        modules = _modules(folder)
        for module in modules.values():
            module.split("train")
        memory = (peak_memory(torch.device("cpu")) - before) / 2**20
        loaders = {key: partial(_throughput, iter(module.train_dataloader())) for key, module in modules.items()}
        loaders |= {"bare": partial(_throughput, _bare_batches(sorted((folder / "folder").rglob("*.jpg"))))}
        loading = measure_alternately(loaders, rounds)
    lines = [
        "| | first start, s | second start, s | images/s | against the bare loop |",
        "| --- | --- | --- | --- | --- |",
    ]
    for key, speeds in loading.items():
        first, second = (f"{seconds:.1f}" for seconds in starts[key]) if key in starts else ("", "")
        lines.append(
            f"| {key} | {first} | {second} | {median(speeds):,.0f} | {format_ratios(speeds, loading['bare'])} |"
        )
    lines.append(f"\n{images:,} images; names, labels and positions of both forms: {memory:.0f} MB")
    measured = {"images": images, "start_seconds": starts, "images_per_second": loading, "memory_mb": memory}
    return make_result("files", options, **measured, table="\n".join(lines))


def write_files(folder: Path, images: int) -> None:
    """Write JPEG files of several sizes to ``folder/folder/CLASS``, and the same to shards in ``folder/shards``."""
    rng = np.random.default_rng(0)
    encoded = [_jpeg(rng) for _ in range(KINDS)]
    for number in range(CLASSES):
        (folder / "folder" / f"class{number:02d}").mkdir(parents=True)
    (folder / "shards").mkdir()
    for start in progress_bar(range(0, images, PER_SHARD), -(-images // PER_SHARD), "Writing"):
        with tarfile.open(folder / "shards" / f"{start // PER_SHARD:06d}.tar", "w") as tar:
            for index in range(start, min(start + PER_SHARD, images)):
                content, label = encoded[index % KINDS], index % CLASSES
                (folder / "folder" / f"class{label:02d}" / f"{index:09d}.jpg").write_bytes(content)
                for suffix, part in (("jpg", content), ("cls", b"%d" % label)):
                    info = tarfile.TarInfo(f"{index:09d}.{suffix}")
                    info.size = len(part)
                    tar.addfile(info, io.BytesIO(part))
    for path in (folder / "folder", *(folder / "folder").iterdir()):  # an index is kept of folders that are at rest
        os.utime(path, ns=(0, path.stat().st_mtime_ns - 10**10))


def _jpeg(rng: np.random.Generator) -> bytes:
    """Encode an image of smooth noise."""
    height, width = rng.integers(*SIZES, 2, endpoint=True).tolist()
    small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def _modules(folder: Path) -> dict[str, DataModule]:
    settings: dict[str, Any] = {"image_size": SIZE, "channels": 3, "batch_size": BATCH, "memory_limit": 0}
    shards = WebDataset(str(folder / "shards"), label="cls", cache=str(folder / "cache" / "gan"), **settings)
    return {"image_folder": ImageFolder(str(folder / "folder"), **settings), "webdataset": shards}


class BareFiles(Dataset[Batch]):
    """Files that are decoded as a short loop of one's own does, with the same decoder.

    Args:
        paths: The files.
    """

    def __init__(self, paths: list[Path]) -> None:
        self.paths, self.decode = paths, Decoder(SIZE, 3)

    def __getitems__(self, indices: list[int]) -> Batch:
        images = torch.stack([self.decode(self.paths[index]) for index in indices])
        return Batch(images, torch.zeros(len(indices), dtype=torch.long))


def _bare_batches(paths: list[Path]) -> Iterator[Batch]:
    """Yield random batches without end."""
    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(len(paths))
        sampler = [order[start : start + BATCH].tolist() for start in range(0, len(paths) - BATCH + 1, BATCH)]
        yield from DataLoader(BareFiles(paths), batch_sampler=sampler, collate_fn=collate)


def _throughput(batches: Iterator[Batch]) -> float:
    """Return images per second of the next batches."""
    next(batches)
    start = perf_counter()
    for _ in range(BATCHES):
        next(batches)
    return BATCHES * BATCH / (perf_counter() - start)


def _time_starts(folder: Path, data: str, options: list[str]) -> list[float]:
    """Return the seconds until the first update of two starts, the first without any cache."""
    path = folder / ("folder" if data == "image_folder" else "shards")
    arguments = ["model=dcgan", f"data={data}", f"data.path={path}", f"data.image_size={SIZE}", "data.memory_limit=0"]
    arguments += ["data.num_workers=0", "callbacks.evaluation=null", "callbacks.neighbors=null", "logger=none"]
    arguments += ["data.label=cls"] if data == "webdataset" else []
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}

    def run() -> float:
        start = perf_counter()
        command = [sys.executable, str(TRAIN), CALLBACK, *arguments, *options]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        return perf_counter() - start

    return [run(), run()]
