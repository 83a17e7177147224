"""Image folders: layouts, formats, and error messages."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import gan
from gan.data.image_folder import ImageFolder
from gan.data.streamed_images import StreamedImages
from gan.errors import UserError
from gan.resolve import resolve_config


def write(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(10):
        write(tmp_path / "blue" / f"{number}.png", (0, 0, 10 * number))
        write(tmp_path / "red" / "deep" / f"{number}.jpg", (250, 0, 0), size=(20, 64))
    return tmp_path


def make(folder: Path, **settings: object) -> ImageFolder:
    return ImageFolder(path=str(folder), **{"image_size": 16, "channels": 3, "num_classes": 1, **settings})


def test_images_are_resized_and_split(folder: Path) -> None:
    data = make(folder, test_share=0.2)
    train, test = data.split("train"), data.split("test")
    assert (len(train), len(test)) == (16, 4)
    assert train.images.shape == (16, 3, 16, 16)
    assert not set(data.files("train")) & set(data.files("test"))


def test_subfolders_are_classes(folder: Path) -> None:
    data = make(folder, num_classes=2)
    batch = next(data.batches("train"))
    is_red = batch.real[:, 0].float().mean((1, 2)) > 200
    assert torch.equal(batch.labels, is_red.long())


def test_streamed_images_equal_those_in_memory(folder: Path) -> None:
    in_memory, streamed = make(folder).split("train"), make(folder, memory_limit=1, num_workers=1)
    assert isinstance(streamed.split("train"), StreamedImages)
    batches = list(streamed.batches("train", batch_size=7))
    assert torch.equal(torch.cat([batch.real for batch in batches]), in_memory.images)
    streamed.batch_size = 8
    assert next(iter(streamed.train_dataloader())).real.shape == (8, 3, 16, 16)


def test_greyscale_and_test_path(folder: Path) -> None:
    data = make(folder / "blue", test_path=str(folder / "red"), channels=1)
    assert data.split("train").images.shape == (10, 1, 16, 16)
    assert len(data.split("test")) == 10


def test_the_centre_is_cropped(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 255
    Image.fromarray(pixels).save(tmp_path / "stripes.png")
    Image.fromarray(pixels).save(tmp_path / "again.png")
    assert (make(tmp_path, test_path=str(tmp_path), image_size=10).split("train").images == 255).all()


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    sideways = np.zeros((10, 20, 3), np.uint8)
    sideways[:, :10] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    for name in ("a.jpg", "b.jpg"):
        Image.fromarray(sideways).save(tmp_path / name, exif=exif, quality=95)
    image = make(tmp_path, test_path=str(tmp_path), image_size=10).split("train").images[0].float()
    assert image[:, :4].mean() > 240
    assert image[:, -4:].mean() < 15


def test_the_number_of_classes_is_found(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert make(folder, num_classes=None).num_classes == 2
    assert make(folder / "blue", num_classes=None).num_classes == 1
    assert not caplog.records
    others = make(folder, test_path=str(folder / "red"), num_classes=None)  # images without a class
    assert others.num_classes == 1
    assert "Classes are ignored: images of data.test_path are of others" in caplog.text
    assert set(others.split("test").labels.tolist()) == {0}


def test_a_run_saves_the_number_of_classes(folder: Path) -> None:
    config = resolve_config(gan.compose("model=cgan", "data=image_folder", f"data.path={folder}"))
    assert (config.data.num_classes, config.model.num_classes, config.model.generator.num_classes) == (2, 2, 2)


def test_one_line_says_what_was_found(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "notes.txt").touch()
    with caplog.at_level("INFO"):
        make(folder, num_classes=2).split("train")
    (line,) = caplog.messages
    assert line == (
        f"Found 20 images in {folder}; classes: blue 10, red 10; 40x30 to 20x64 pixels; "
        f"left out of {folder}: 1 .txt (notes.txt)"
    )


def test_settings_of_decoding(tmp_path: Path) -> None:
    for number in range(5):
        Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / f"{number}.png")
    assert (make(tmp_path, image_size=8).split("train").images == 255).all()
    black = make(tmp_path, image_size=8, background="black")
    assert (black.split("train").images == 0).all()
    assert black.fingerprint("train") != make(tmp_path, image_size=8).fingerprint("train")
    with pytest.raises(UserError, match=r"data\.background=whit is not a colour"):
        make(tmp_path, background="whit")


def test_images_of_too_many_pixels_are_skipped_or_named(tmp_path: Path) -> None:
    for number in range(5):
        Image.new("L", (8, 8)).save(tmp_path / f"{number}.png")
    Image.new("L", (100, 100)).save(tmp_path / "large.png")
    Image.new("L", (100, 1)).save(tmp_path / "narrow.png")  # would have 64 x 6400 pixels
    settings = {"test_path": str(tmp_path), "image_size": 64, "max_pixels": 5000}
    with pytest.raises(UserError, match=r"large\.png \(100x100 pixels; max_pixels=5000\); .*data\.on_error=skip"):
        make(tmp_path, **settings).split("train")
    (tmp_path / "large.png").unlink()
    with pytest.raises(UserError, match=r"narrow\.png \(its 100x1 pixels are too narrow to be resized to 64\)"):
        make(tmp_path, **settings).split("train")
    assert len(make(tmp_path, **settings, on_error="skip").split("train")) == 5


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / os.fsdecode(b"caf\xe9") / os.fsdecode(b"\xff%d.png" % number), (number, 0, 0))
    data = make(tmp_path)
    assert len(data.split("train")) == 3
    assert data.fingerprint("train") == make(tmp_path).fingerprint("train")
    data.files("train")[0].write_bytes(b"x")
    with pytest.raises(UserError) as error:
        make(tmp_path).split("train")
    assert str(error.value).isprintable()


def test_bad_folders(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing is not a folder"):
        make(tmp_path / "missing").split("train")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"no image in .*empty \(looked for .*\.png"):
        make(tmp_path / "empty").split("train")
    with pytest.raises(UserError, match=r"num_classes=5, but .* has 2"):
        make(folder, num_classes=5).split("train")
    write(tmp_path / "few" / "1.png", (0, 0, 0))
    with pytest.raises(UserError, match=r"few has 1 images, too few"):
        make(tmp_path / "few").split("train")
    broken = folder / "blue" / "3.png"
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(UserError, match=r"cannot read the image .*blue/3\.png"):
        make(folder).split("train")
