"""Data sets that torchvision reads and downloads."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError

import torch
from torch import Tensor
from torchvision import datasets

from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.data.resize import resize
from gan.errors import UserError

__all__ = ["CIFAR10", "MNIST", "FashionMNIST"]


class TorchvisionData(ImageDataModule):
    """Base class of torchvision's data sets, held in memory.

    Args:
        root: Folder of the data set, in torchvision's layout.
        download: Whether to download missing files.
        **settings: Arguments of ImageDataModule.

    Attributes:
        dataset: torchvision's class.
        files: Files that it reads, for error messages.
    """

    dataset: ClassVar[type[Any]]
    files: ClassVar[list[str]]

    def __init__(self, root: str, download: bool = True, **settings: Any) -> None:
        super().__init__(**settings)
        self.root, self.download = Path(root), download

    @abstractmethod
    def images(self, dataset: Any) -> Tensor:
        """Return the images of torchvision's data set, uint8 with shape (N, C, H, W)."""

    def load(self, split: Split) -> ImageDataset:
        train = split == "train"
        try:
            dataset = self.dataset(self.root, train=train)
        except RuntimeError:  # missing or corrupted files
            dataset = self._download(train)
        images = resize(self.images(dataset), self.image_size)
        return TensorImages(images, torch.as_tensor(dataset.targets))

    def _download(self, train: bool) -> Any:
        reason = "data.download=false"
        if self.download:
            try:
                return self.dataset(self.root, train=train, download=True)
            except (RuntimeError, URLError, OSError) as error:
                reason = " ".join(str(error).split())
        name = self.dataset.__name__
        raise UserError(
            f"{name} is not in {self.root} and could not be downloaded ({reason}): put "
            f"{', '.join(self.files)} there, or set data.root to the folder that contains them"
        )


class MNIST(TorchvisionData):
    """MNIST: 60,000 training and 10,000 held-out digits (LeCun et al., 1998)."""

    dataset = datasets.MNIST
    files: ClassVar[list[str]] = [
        f"MNIST/raw/{name}-ubyte"
        for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    ]

    def images(self, dataset: Any) -> Tensor:
        return dataset.data[:, None]


class FashionMNIST(MNIST):
    """Fashion-MNIST: 60,000 training and 10,000 held-out images of clothing (Xiao et al., 2017)."""

    dataset = datasets.FashionMNIST
    files: ClassVar[list[str]] = [name.replace("MNIST/", "FashionMNIST/") for name in MNIST.files]


class CIFAR10(TorchvisionData):
    """CIFAR-10: 50,000 training and 10,000 held-out 32x32 colour photos in 10 classes (Krizhevsky, 2009)."""

    dataset = datasets.CIFAR10
    files: ClassVar[list[str]] = ["cifar-10-batches-py/ (unpacked from cifar-10-python.tar.gz)"]

    def images(self, dataset: Any) -> Tensor:
        return torch.from_numpy(dataset.data).permute(0, 3, 1, 2)
