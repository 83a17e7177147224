"""Degraded images: conditions, what completes them, users' images, shapes in configurations, and error messages."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from torch import Tensor
from torch.testing import assert_close

from gan.data.base import ImageDataModule, ImageDataset, TensorImages
from gan.data.degradations.edges import find_edges
from gan.data.degradations.holes import Hole, draw_holes
from gan.data.degradations.shape import DegradationName
from gan.data.degraded import Degraded
from gan.data.degraded_folder import DegradedFolder
from gan.errors import UserError
from gan.images import to_uint8
from gan.keyed_random import KeyedRandom
from gan.resolvers import register_resolvers
from gan.types import Batch, Samples
from tests.conftest import ROOT

NAMES = get_args(DegradationName)


class Photos(ImageDataModule):
    """Smooth random images."""

    def load(self, split: str) -> ImageDataset:
        generator = torch.Generator().manual_seed(len(split))
        small = torch.rand(20, self.channels, 5, 5, generator=generator)
        large = torch.nn.functional.interpolate(small, self.image_shape[1:], mode="bicubic").clamp(0, 1)
        return TensorImages((255 * large).to(torch.uint8), torch.arange(20))


def degraded(degrade: str, channels: int = 3, size: int = 16, width: int = 24, **settings: object) -> Degraded:
    images = Photos(image_size=size, width=width, channels=channels, num_classes=20)
    sizes = {"image_size": size, "width": width, "image_channels": channels, "batch_size": 4}
    return Degraded(images=images, degrade=degrade, **{**sizes, **settings})


def image_of(data: Degraded, row: int) -> Image.Image:
    pixels = data.images.split("test").__getitems__([row]).real[0]
    return Image.fromarray(pixels.permute(1, 2, 0).numpy())


def condition_of(batch: Batch) -> Tensor:
    assert isinstance(batch.condition, Tensor)
    return batch.condition


@pytest.mark.parametrize("degrade", NAMES)
def test_held_out_rows_are_completed_to_the_images(degrade: str) -> None:
    data = degraded(degrade)
    request = data.requests(range(3, 7))
    assert isinstance(request.condition, Tensor)
    assert request.real is not None
    assert request.labels is not None
    assert request.condition.shape[1:] == data.source_shape
    assert request.real.shape[1:] == data.output_shape
    assert torch.equal(request.labels, torch.tensor([3, 4, 5, 6]))
    assert torch.equal(data.requests(range(5, 6)).condition, request.condition[2:3])
    samples = Samples(request.real, request.labels, request.condition, request.real)
    stored = data.images.split("test").__getitems__([3, 4, 5, 6]).real
    discrete = data.discretize_samples(samples)
    assert torch.equal(discrete.images, stored)
    assert torch.equal(discrete.real, stored)
    assert data.picture_of_samples(samples).shape[0] == 3
    assert data.picture_of_samples(samples).shape[2] > 3 * data.width, "condition, image and target in a row"


@pytest.mark.parametrize("degrade", NAMES)
def test_training_batches_are_degraded_after_their_augmentation(degrade: str) -> None:
    data = degraded(degrade, flip=True, jitter=1.2)
    rows = next(data.batches("train", 4))
    batch = data.on_after_batch_transfer(rows, 0)
    assert condition_of(batch).shape == (4, *data.source_shape)
    whole = data.augment_batch(data.scale_batch(rows), KeyedRandom(0, 0, 2, total=4))
    expected = data.make_condition(whole, KeyedRandom(0, total=4))
    assert torch.equal(batch.real, expected.real)
    assert torch.equal(condition_of(batch), condition_of(expected))


@pytest.mark.parametrize("degrade", ["gray", "lab", "downsample", "edges"])
def test_a_users_image_is_the_condition_of_training(degrade: str) -> None:
    data = degraded(degrade)
    condition = data.requests(range(1)).condition
    assert isinstance(condition, Tensor)
    image = image_of(data, 0)
    if degrade == "downsample":
        image = image.resize((6, 4), Image.Resampling.BICUBIC)
    if degrade == "edges":
        image = Image.fromarray(to_uint8(condition)[0, 0].numpy())
    assert_close(data.condition_of_image(image), condition[0], atol=2.1 / 255, rtol=0)
    with pytest.raises(UserError, match="have no holes"):
        data.condition_of_image(image, image)


def test_holes_of_users_images() -> None:
    data = degraded("mask", mask="box")
    (condition,) = data.requests(range(1)).condition
    mask = Image.fromarray((255 * condition[3]).to(torch.uint8).numpy())
    assert torch.equal(data.condition_of_image(image_of(data, 0), mask), condition)
    transparent = image_of(data, 0)
    transparent.putalpha(Image.fromarray((255 - 255 * condition[3]).to(torch.uint8).numpy()))
    assert torch.equal(data.condition_of_image(transparent), condition)
    with pytest.raises(UserError, match="the image has no hole: pass a mask that is white there"):
        data.condition_of_image(image_of(data, 0))
    with pytest.raises(UserError, match="the mask has no hole: make it white there"):
        data.condition_of_image(image_of(data, 0), Image.new("L", (24, 16)))
    with pytest.raises(UserError, match="the mask has 12x8 pixels, and the image 24x16"):
        data.condition_of_image(image_of(data, 0), mask.resize((12, 8)))


def test_known_pixels_are_equal_to_the_bit() -> None:
    data = degraded("mask", mask="strokes")
    batch = data.make_condition(data.scale_batch(next(data.batches("test"))), KeyedRandom(0, total=20))
    hole = condition_of(batch)[:, 3:].bool().expand(-1, 3, -1, -1)
    assert torch.equal(condition_of(batch)[:, :3][~hole], batch.real[~hole])
    assert not condition_of(batch)[:, :3][hole].any()


@pytest.mark.parametrize("kind", get_args(Hole))
def test_holes(kind: Hole) -> None:
    holes = draw_holes(kind, KeyedRandom(0, total=8), 32, 48)
    assert holes.shape == (8, 1, 32, 48)
    assert set(holes.unique().tolist()) == {0.0, 1.0}
    parts = [draw_holes(kind, rng, 32, 48) for rng in KeyedRandom(0, total=8).parts(3)]
    assert torch.equal(torch.cat(parts), holes)
    shares = holes.mean((1, 2, 3))
    low, high = {"box": (0.06, 0.26), "strokes": (0.02, 0.45), "centre": (0.25, 0.25)}.get(kind, (0.5, 0.5))
    assert (shares >= low).all()
    assert (shares <= high).all()
    assert (len(shares.unique()) > 1) == (kind in ("box", "strokes"))
    if kind == "lower_half":
        assert holes[0, 0, 16:].all()


def test_small_copies_are_antialiased_as_by_pillow() -> None:
    data = degraded("downsample", size=32, width=64)
    (small,) = to_uint8(data.requests(range(1)).condition)
    expected = np.array(image_of(data, 0).resize((16, 8), Image.Resampling.BICUBIC))
    assert (small.permute(1, 2, 0).int() - torch.from_numpy(expected).int()).abs().max() <= 1


def test_edges_are_one_pixel_wide() -> None:
    step = torch.full((1, 3, 12, 12), -1.0)
    step[..., 5:] = 0.5
    edges = find_edges(step)[0, 0]
    assert edges.sum(1).eq(1).all()
    assert edges[:, 4:6].any(1).all()
    assert torch.equal(find_edges(step.transpose(2, 3))[0, 0], edges.T)
    assert not find_edges(step * 0.1).any()


def test_a_faint_edge_is_followed_from_a_strong_one() -> None:
    step = torch.full((1, 1, 24, 12), -1.0)
    step[..., 5:] = -0.55  # gradient of 0.15
    assert not find_edges(step).any()
    step[..., 5:] = torch.linspace(0.0, -0.6, 24)[:, None]
    assert find_edges(step)[0, 0].any(1).all()


@pytest.mark.parametrize("file", ["degraded", "degraded_digits"])
@pytest.mark.parametrize("degrade", NAMES)
def test_the_choice_alone_sets_all_shapes(file: str, degrade: str) -> None:
    register_resolvers()
    config = OmegaConf.create({"seed": 0, "data": OmegaConf.load(ROOT / "conf" / "data" / f"{file}.yaml")})
    config.data.update(degrade=degrade, image_size=32, width=48, image_channels=3)
    data = degraded(degrade, size=32, width=48)
    assert config.data.channels == data.output_shape[0]
    assert (config.data.source_channels, config.data.source_size, config.data.source_width) == data.source_shape
    assert data.image_shape == (3, 32, 48)


def test_grey_images() -> None:
    assert degraded("mask", channels=1).source_shape == (2, 16, 24)
    assert degraded("downsample", channels=1).source_shape == (1, 4, 6)
    assert degraded("edges", channels=1).source_shape == (1, 16, 24)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"degrade": "lab", "channels": 1}, r"data\.degrade=lab needs colour images, but data\.image_channels=1"),
        ({"degrade": "downsample", "factor": 5}, r"data\.factor=5 does not divide images of 24x16 pixels"),
    ],
)
def test_images_that_do_not_fit(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        degraded(**settings)


def test_shapes_that_do_not_fit() -> None:
    images = Photos(image_size=16, channels=3, num_classes=20)
    with pytest.raises(UserError, match=r"data\.channels=1, but it is 2 with data\.degrade=lab: leave it out"):
        Degraded(images=images, degrade="lab", image_size=16, channels=1)
    with pytest.raises(UserError, match=r"they need data\.image_channels=3, data\.image_size=8 and data\.width=8"):
        Degraded(images=images, degrade="gray", image_size=8)
    data = Degraded(images=images, degrade="lab", image_size=16)
    with pytest.raises(UserError, match=r"data\.degrade=lab needs a model with a condition"):
        data.complete(Samples(torch.zeros(2, 2, 16, 16), torch.zeros(2)))
    with pytest.raises(UserError, match="Photos, have no images as conditions"):
        images.condition_of_image(Image.new("L", (16, 16)))
    assert images.source_shape is None


def test_a_folder_of_images(tmp_path: Path) -> None:
    for number in range(8):
        Image.new("RGB", (30, 20), (30 * number, 0, 0)).save(tmp_path / f"{number}.png")
    data = DegradedFolder(path=str(tmp_path), degrade="gray", image_size=8, width=12, test_share=0.25)
    assert (len(data.split("train")), len(data.split("test")), data.num_classes) == (6, 2, 1)
    assert next(data.batches("test")).real.shape == (2, 3, 8, 12)
