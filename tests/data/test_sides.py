"""Folders with two sides of images, with and without pairs: layouts, matching by name, and error messages."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gan.data.base import ImageDataModule, TensorImages
from gan.data.pairs import Pairs
from gan.data.unpaired_folder import UnpairedFolder
from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.types import Batch, Request


def write(path: Path, color: int, size: tuple[int, int] = (8, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (color, color, color)).save(path)


def pairs(path: Path, **settings: object) -> Pairs:
    return Pairs(**{"path": str(path), "image_size": 8, "channels": 3, **settings})


def unpaired(path: Path, **settings: object) -> UnpairedFolder:
    return UnpairedFolder(**{"path": str(path), "image_size": 8, "channels": 3, **settings})


def sources(batch: Batch | Request) -> Tensor:
    assert isinstance(batch.condition, Tensor)
    return batch.condition


def colors(batch: Batch) -> list[tuple[int, int]]:
    """Return the colour of each condition and image."""
    return [(int(a[0, 0, 0]), int(b[0, 0, 0])) for a, b in zip(sources(batch), batch.real, strict=True)]


LAYOUTS = {
    "cyclegan": ("trainA", "trainB", "testA", "testB"),
    "underscore": ("train_A", "train_B", "val_A", "val_B"),
    "sides": ("A/train", "B/train", "A/val", "B/val"),
    "splits": ("training/A", "training/B", "validation/A", "validation/B"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_with_held_out_folders(layout: str, tmp_path: Path) -> None:
    for folder, offset in zip(LAYOUTS[layout], (0, 100, 50, 150), strict=True):
        for number in range(2):
            write(tmp_path / folder / f"{number}.png", offset + number)
    for direction, order in (("AtoB", 1), ("BtoA", -1)):
        data = pairs(tmp_path, direction=direction)
        assert colors(next(data.batches("train"))) == [(0, 100)[::order], (1, 101)[::order]]
        assert colors(next(data.batches("test"))) == [(50, 150)[::order], (51, 151)[::order]]
        sets = unpaired(tmp_path, direction=direction)
        expected = [{0, 1}, {100, 101}][::order]
        assert [set(side) for side in zip(*colors(next(sets.batches("train"))), strict=True)] == expected
        assert sources(sets.requests(range(2))).shape == (2, 3, 8, 8)


def test_layouts_without_held_out_folders(tmp_path: Path) -> None:
    for number in range(10):
        write(tmp_path / "two" / "A" / "deep" / f"{number}_A.png", number)
        write(tmp_path / "two" / "B" / "deep" / f"{number}_B.jpg", 100 + number)
        write(tmp_path / "one" / "train" / f"{number}.png", number, size=(16, 8))
    for folder, shift in (("two", 100), ("one", 0)):
        data = pairs(tmp_path / folder, test_share=0.3)
        train, test = (colors(next(data.batches(split))) for split in ("train", "test"))
        assert len(test) == 3
        assert sorted(train + test) == [(number, number + shift) for number in range(10)]
    sets = unpaired(tmp_path / "two", test_share=0.3)
    assert (len(sets.split("train")), len(sets.split("test"))) == (7, 3)


def test_a_folder_of_each_side(tmp_path: Path) -> None:
    for number in range(6):
        split = "test" if number < 2 else "train"
        write(tmp_path / "horses" / split / f"{number}.png", number)
        write(tmp_path / "zebras" / split / f"{number}.png", 100 + number)
    settings = {"path": tmp_path / "zebras", "source_path": str(tmp_path / "horses")}
    assert colors(next(pairs(**settings).batches("test"))) == [(0, 100), (1, 101)]
    assert colors(next(pairs(**settings, direction="BtoA").batches("test"))) == [(100, 0), (101, 1)]
    assert {b for _, b in colors(next(unpaired(**settings).batches("train")))} == {102, 103, 104, 105}
    with pytest.raises(UserError, match=r"data\.source_path: .*none is not a folder"):
        pairs(tmp_path / "zebras", source_path=str(tmp_path / "none")).split("train")


def test_streamed_pairs_equal_those_in_memory(tmp_path: Path) -> None:
    for number in range(10):
        write(tmp_path / "train" / f"{number}.png", number, size=(16, 8))
    streamed, in_memory = (pairs(tmp_path, memory_limit=limit) for limit in (1, 10**6))
    assert colors(next(streamed.batches("train"))) == colors(next(in_memory.batches("train")))
    assert isinstance(in_memory.split("train"), TensorImages)
    assert not isinstance(streamed.split("train"), TensorImages)


def test_pairs_with_an_unreadable_image_are_skipped(tmp_path: Path) -> None:
    for side, offset in zip(LAYOUTS["cyclegan"], (0, 100, 50, 150), strict=True):
        for number in range(4):
            write(tmp_path / side / f"{number}.png", offset + number)
    for broken in ("trainA/1.png", "trainB/2.png"):
        (tmp_path / broken).write_bytes(b"no image")
    data = pairs(tmp_path, on_error="skip")
    assert colors(next(data.batches("train"))) == [(0, 100), (3, 103)]
    with pytest.raises(UserError, match=r"cannot read the image .*data\.on_error=skip"):
        pairs(tmp_path).split("train")


def test_sets_of_different_sizes(tmp_path: Path) -> None:
    for number in range(7):
        write(tmp_path / "trainA" / f"{number % 3}.png", number)
        write(tmp_path / "trainB" / f"{number}.png", number, size=(13, 21))
    write(tmp_path / "testB" / "0.png", 0)
    sets = unpaired(tmp_path, width=16, source_channels=1)
    with pytest.raises(UserError, match=r"data\.path: .*trainA has 3 images, too few to train on and hold some out"):
        sets.split("train")
    for number in range(2):
        write(tmp_path / "testA" / f"{number}.png", number)
        write(tmp_path / "testB" / f"{number}.png", number)
    sets = unpaired(tmp_path, width=16, source_channels=1)
    batch = next(sets.batches("train"))
    assert batch.real.shape == (7, 3, 8, 16)
    assert sources(batch).shape == (7, 1, 8, 16)
    assert sets.source_shape == (1, 8, 16)


@pytest.mark.parametrize("make", [pairs, unpaired])
def test_users_images_are_read_without_the_folder(make: Callable[..., ImageDataModule]) -> None:
    data = make(Path("missing"), source_channels=1, background="black")
    assert data.source_shape == (1, 8, 8)
    transparent = Image.new("RGBA", (5, 3), (255, 255, 255, 0))
    assert torch.equal(data.condition_of_image(transparent), -torch.ones(1, 3, 5))
    with pytest.raises(UserError, match="have no holes"):
        data.condition_of_image(transparent, transparent)


def test_errors_name_the_way_out(tmp_path: Path) -> None:
    def refused(path: Path, message: str, make: Callable[[Path], ImageDataModule] = pairs) -> None:
        with pytest.raises(UserError, match=message) as error:
            make(path).split("train")
        assert str(error.value).startswith("data.path: ")

    for make in (pairs, unpaired):
        refused(tmp_path / "none", "none is not a folder", make)
        (tmp_path / "empty").mkdir(exist_ok=True)
        refused(tmp_path / "empty", r"trainA and trainB, A/train and B/train.*; it has no folders", make)
        write(tmp_path / "alone" / "trainA" / "1.png", 0)
        refused(tmp_path / "alone", "alone has trainA, but no images of B", make)
        refused(tmp_path / "alone" / "trainA", r"did you mean data\.path=.*alone\?", make)
    for side in "AB":
        (tmp_path / "blank" / f"train{side}").mkdir(parents=True)
    refused(tmp_path / "blank", "no image in .*train", unpaired)

    for number in range(4):
        write(tmp_path / "two" / "A" / f"{number}.png", 0)
        write(tmp_path / "two" / "B" / f"{number}.png", 0)
    write(tmp_path / "two" / "B" / "5.png", 0)
    refused(tmp_path / "two", r"1 images, such as .*B.5\.png, have no partner of the same name in .*data=unpaired")
    (tmp_path / "two" / "B" / "5.png").unlink()
    write(tmp_path / "two" / "B" / "3.jpg", 0)
    refused(tmp_path / "two", r"B.3\.jpg and 3\.png have one name")
    (tmp_path / "two" / "B" / "3.jpg").unlink()
    write(tmp_path / "two" / "B" / "3.png", 0, size=(8, 12))
    refused(tmp_path / "two", r"A.3\.png has 8x8 pixels, and its partner .*B.3\.png 8x12: both need the same prop")
    write(tmp_path / "odd" / "train" / "1.png", 0, size=(15, 8))
    write(tmp_path / "odd" / "test" / "1.png", 0, size=(15, 8))
    with pytest.raises(UserError, match=r"its width of 15 pixels is odd"):
        pairs(tmp_path / "odd").split("train")
    with pytest.raises(UserError, match=r"data\.background=whit is not a colour"):
        pairs(tmp_path, background="whit")


def test_both_halves_are_turned_and_converted_alike(tmp_path: Path) -> None:
    upright = np.zeros((10, 20, 3), np.uint8)  # A is black, B is red
    upright[:, 10:, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned by 90 degrees
    (tmp_path / "train").mkdir()
    for number in range(4):
        Image.fromarray(np.rot90(upright)).save(tmp_path / "train" / f"{number}.png", exif=exif)
    data = pairs(tmp_path, source_channels=1)
    image = Image.open(tmp_path / "train" / "0.png")
    batch = next(data.batches("train"))
    assert not sources(batch).any()
    assert (batch.real[:, 0] == 255).all()
    assert data.condition_of_image(image).shape == (1, 10, 20)

    ramp = np.linspace(0, 65535, 100).astype(np.uint16).reshape(10, 10)
    (tmp_path / "deep" / "A").mkdir(parents=True)
    (tmp_path / "deep" / "B").mkdir()
    for number in range(4):
        Image.fromarray(ramp).save(tmp_path / "deep" / "A" / f"{number}.png")
        Image.fromarray((ramp // 257).astype(np.uint8)).save(tmp_path / "deep" / "B" / f"{number}.png")
    data = pairs(tmp_path / "deep", image_size=10)
    batch = next(data.batches("train"))
    assert (sources(batch).int() - batch.real.int()).abs().max() <= 1
    deep = data.condition_of_image(Image.open(tmp_path / "deep" / "A" / "0.png"))
    assert torch.equal(deep, sources(data.scale_batch(batch))[0])


def test_both_images_are_cropped_and_mirrored_alike() -> None:
    data = pairs(Path("missing"), width=16, jitter=1.5, flip=True)
    images = torch.rand(32, 3, 8, 16) * 2 - 1
    augmented = data.augment_batch(Batch(images, torch.zeros(32), images.clone()), KeyedRandom(0, total=32))
    assert torch.equal(augmented.real, augmented.condition)
    assert not torch.equal(augmented.real, images)
    one = Batch(images[:1].expand(32, -1, -1, -1), torch.zeros(32))
    places = data.augment_batch(one, KeyedRandom(0, total=32)).real[:, 0, 0, :3]
    assert len(set(map(tuple, places.tolist()))) > 16


def test_crops_are_of_pixels_decoded_at_a_larger_size(tmp_path: Path) -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (24, 24))
    for side in ("train/A", "train/B"):
        for number in range(4):
            (tmp_path / side).mkdir(parents=True, exist_ok=True)
            Image.fromarray(stripes).save(tmp_path / side / f"{number}.png")
    for make in (pairs, unpaired):
        data = make(tmp_path, image_size=16, width=32, jitter=1.5, channels=1)
        rows = data.training_rows.__getitems__([0, 1])
        assert rows.real.shape == sources(rows).shape == (2, 1, 24, 48)
        augmented = data.augment_batch(data.scale_batch(rows), KeyedRandom(0, total=2))
        assert augmented.real.shape == (2, 1, 16, 32)
        assert (augmented.real.diff(dim=3).abs() == 2).all(), "no pixel is interpolated"
        assert torch.equal(augmented.real, sources(augmented))
        assert data.split("train").__getitems__([0]).real.shape == (1, 1, 16, 32)


def test_the_smaller_of_two_sets_is_gone_through_evenly(tmp_path: Path) -> None:
    for side, number in (("trainA", 3), ("trainB", 5), ("testA", 2), ("testB", 2)):
        for index in range(number):
            write(tmp_path / side / f"{index}.png", 40 * index)
    data = unpaired(tmp_path, batch_size=5)
    loader = iter(data.train_dataloader())
    seen = [pair for _ in range(3) for pair in colors(next(loader))]  # three epochs
    assert Counter(a for a, _ in seen) == {0: 5, 40: 5, 80: 5}
    assert set(Counter(b for _, b in seen).values()) == {3}
    assert len(set(seen)) == 15, "partners change with the epoch"
