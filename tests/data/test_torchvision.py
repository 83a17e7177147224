"""torchvision's data sets: reading of files, and the error if they are missing."""

from pathlib import Path

import pytest
import torch

from gan.data.torchvision import CIFAR10, MNIST, FashionMNIST, TorchvisionData
from gan.errors import UserError

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("dataset", "files"),
    [
        (MNIST, "MNIST/raw/train-images-idx3-ubyte"),
        (FashionMNIST, "FashionMNIST/raw/t10k-labels-idx1-ubyte"),
        (CIFAR10, "cifar-10-batches-py"),
    ],
)
def test_missing_files_are_named(dataset: type[TorchvisionData], files: str, tmp_path: Path) -> None:
    data = dataset(root=str(tmp_path), download=False, image_size=28, channels=1, num_classes=10)
    with pytest.raises(UserError, match=files) as error:
        data.split("train")
    assert "data.root" in str(error.value)
    assert "\n" not in str(error.value)


def write_idx(path: Path, array: torch.Tensor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = bytes([0, 0, 8, array.dim()]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(header + array.numpy().tobytes())


@pytest.mark.parametrize(("dataset", "name"), [(MNIST, "MNIST"), (FashionMNIST, "FashionMNIST")])
def test_idx_files_are_read(dataset: type[TorchvisionData], name: str, tmp_path: Path) -> None:
    images = torch.randint(256, (20, 28, 28), dtype=torch.uint8)
    for part in ("train", "t10k"):
        write_idx(tmp_path / name / "raw" / f"{part}-images-idx3-ubyte", images)
        write_idx(tmp_path / name / "raw" / f"{part}-labels-idx1-ubyte", torch.arange(20, dtype=torch.uint8) % 10)
    data = dataset(root=str(tmp_path), download=False, image_size=28, channels=1, num_classes=10)
    batch = next(data.batches("train"))
    assert torch.equal(batch.real[:, 0], images)
    assert torch.equal(batch.labels, torch.arange(20) % 10)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the files of MNIST")
def test_all_of_mnist(tmp_path: Path) -> None:
    import gzip

    for packed in (SHARED / "mnist").glob("*.gz"):
        raw = tmp_path / "MNIST" / "raw" / packed.stem
        raw.parent.mkdir(parents=True, exist_ok=True)
        raw.write_bytes(gzip.decompress(packed.read_bytes()))
    data = MNIST(root=str(tmp_path), image_size=28, channels=1, num_classes=10)
    assert (len(data.split("train")), len(data.split("test"))) == (60_000, 10_000)
