"""Folders of images to evaluate: grey ones however they are saved, and unreadable ones."""

from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from gan.errors import UserError
from gan.evaluate.images import images_of_folder, open_folder

CONFIG = OmegaConf.create({"image_size": None, "on_error": "stop", "batch_size": 4})


def save(folder: Path, modes: list[str]) -> Path:
    folder.mkdir()
    for number, mode in enumerate(modes):
        pixels = np.random.default_rng(number).integers(256, size=(16, 16), dtype=np.uint8)
        Image.fromarray(pixels).convert(mode).save(folder / f"{number}.png")
    return folder


@pytest.mark.parametrize("modes", [["RGB"] * 4, ["P"] * 4, ["RGBA", "L", "P", "RGB"]])
def test_grey_images_are_grey_however_they_are_saved(modes: list[str], tmp_path: Path) -> None:
    real, fake = open_folder(save(tmp_path / "real", ["L"] * 4), CONFIG), save(tmp_path / "fake", modes)
    assert real.channels == open_folder(fake, CONFIG).channels == 1
    images = next(images_of_folder(fake, real, CONFIG).batches(0)).images
    assert torch.equal(images, real.split("train").images)


def test_grey_images_compare_with_colour_and_not_the_reverse(tmp_path: Path) -> None:
    grey, colour = save(tmp_path / "grey", ["L"] * 4), save(tmp_path / "colour", ["L", "RGB", "L", "L"])
    with Image.open(colour / "1.png") as image:
        Image.merge("RGB", [*image.split()[:2], image.getchannel(2).rotate(90)]).save(colour / "1.png")
    real = open_folder(colour, CONFIG)
    assert next(images_of_folder(grey, real, CONFIG).batches(0)).images.shape == (4, 3, 16, 16)
    with pytest.raises(UserError, match=r"colour holds images in colour, .* grey: compare with .*, or convert"):
        images_of_folder(colour, open_folder(grey, CONFIG), CONFIG)


def test_a_folder_without_readable_images(tmp_path: Path) -> None:
    (save(tmp_path / "images", ["L"]) / "0.png").write_bytes(b"x")
    with pytest.raises(UserError, match=r"0\.png .*on_error=skip"):
        open_folder(tmp_path / "images", CONFIG)
    with pytest.raises(UserError, match=r"images holds no image that can be read"):
        open_folder(tmp_path / "images", OmegaConf.merge(CONFIG, {"on_error": "skip"}))
