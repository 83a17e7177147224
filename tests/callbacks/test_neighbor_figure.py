"""Figure of nearest training images: content, limits of the search, and data without pictures."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from gan.callbacks.neighbor_figure import NeighborFigure
from gan.data.base import ImageDataModule, ImageDataset, Split, TensorImages
from gan.loggers.base import PictureLogger
from gan.models.gan import GAN
from gan.types import Samples


class Shades(ImageDataModule):
    """Training images of one shade each, in ascending order, and three held-out ones."""

    def __init__(self, number: int, channels: int = 1) -> None:
        super().__init__(image_size=2, channels=channels, num_classes=1, batch_size=1)
        self.number = number

    def load(self, split: Split) -> ImageDataset:
        size = self.number if split == "train" else 3
        shades = torch.arange(size, dtype=torch.uint8).reshape(-1, 1, 1, 1)
        return TensorImages(shades.expand(-1, *self.image_shape).contiguous(), torch.zeros(size))


class Recorder(PictureLogger):
    def __init__(self) -> None:
        self.pictures: list[tuple[str, Tensor, int]] = []

    def log_picture(self, name: str, image: Tensor, step: int) -> None:
        self.pictures.append((name, image, step))


class Generator(GAN):
    """Generates uniform images of one shade."""

    def __init__(self, shape: tuple[int, ...], shade: int) -> None:
        torch.nn.Module.__init__(self)
        self.shape, self.shade = shape, shade

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def iterate_samples(self, indices: range, *_: Any, **__: Any) -> Iterator[Samples]:
        yield Samples(torch.full((len(indices), *self.shape), self.shade / 127.5 - 1), torch.zeros(len(indices)))


def draw(
    data: ImageDataModule, path: Path, global_zero: bool = True, **options: int
) -> tuple[NeighborFigure, Recorder]:
    callback, tracker = NeighborFigure(str(path), **options), Recorder()
    trainer = SimpleNamespace(datamodule=data, is_global_zero=global_zero, loggers=[tracker, object()], global_step=7)
    callback.on_train_end(trainer, Generator(data.image_shape, shade=31))
    return callback, tracker


@pytest.mark.parametrize("channels", [1, 3])
def test_the_nearest_images_are_drawn_and_logged(channels: int, tmp_path: Path) -> None:
    callback, tracker = draw(Shades(200, channels), tmp_path / "new" / "neighbors.png", num=2, k=3)
    assert callback.facts == {"searched": 200, "training_images": 200, "distance": 0.0, "held_out_distance": 0.0}
    ((name, image, step),) = tracker.pictures
    assert (name, step) == ("neighbors", 7)
    with Image.open(tmp_path / "new" / "neighbors.png") as saved:
        assert saved.size == (image.shape[2], image.shape[1])
        shades = set(saved.convert("L").tobytes())
    assert {30, 31, 32} <= shades, "its own shade and the two adjacent ones"


def test_the_limit_takes_evenly_spaced_images(tmp_path: Path) -> None:
    callback, _ = draw(Shades(200), tmp_path / "neighbors.png", limit=30)
    assert callback.facts is not None
    assert callback.facts["searched"] == 29, "every seventh image"
    assert callback.facts["training_images"] == 200
    assert callback.facts["distance"] == pytest.approx(3 * 2), (
        "the nearest searched shades are 28 and 35; images have 2 x 2 pixels"
    )


def test_only_images_of_the_training_subset_are_searched(tmp_path: Path) -> None:
    data = Shades(200)
    data.limit = 20
    callback, _ = draw(data, tmp_path / "neighbors.png")
    assert callback.facts is not None
    assert callback.facts["training_images"] == 20, "every tenth image"
    assert callback.facts["distance"] == pytest.approx(1 * 2), "the nearest shade is 30"


def test_more_neighbours_than_images(tmp_path: Path) -> None:
    callback, _ = draw(Shades(2), tmp_path / "neighbors.png", k=5)
    assert callback.facts is not None
    assert (tmp_path / "neighbors.png").is_file()


def test_there_is_no_figure_for_points_two_channels_or_other_ranks(tmp_path: Path) -> None:
    points = Shades(10)
    points.pixels = False
    for data, global_zero in ((points, True), (Shades(10, channels=2), True), (Shades(10), False)):
        callback, tracker = draw(data, tmp_path / "neighbors.png", global_zero=global_zero)
        assert (callback.facts, tracker.pictures, list(tmp_path.iterdir())) == (None, [], [])
