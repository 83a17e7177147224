"""MNIST5k: split, scaling, flips, and the limit on training images."""

import pytest
import torch

from gan.data.mnist5k import MNIST5k
from gan.errors import UserError


@pytest.fixture(scope="module")
def data() -> MNIST5k:
    return MNIST5k(image_size=28, channels=1, num_classes=10)


def test_the_split_is_stratified_and_disjoint(data: MNIST5k) -> None:
    train, test = data.split("train"), data.split("test")
    assert (len(train), len(test)) == (4000, 1000)
    assert torch.equal(train.labels.bincount(), torch.full((10,), 400))
    assert torch.equal(test.labels.bincount(), torch.full((10,), 100))
    seen = {image.numpy().tobytes() for image in train.images}
    assert not any(image.numpy().tobytes() in seen for image in test.images)


def test_pixel_statistics(data: MNIST5k) -> None:
    images = data.split("train").images
    assert images.dtype == torch.uint8
    assert images.shape == (4000, 1, 28, 28)
    assert (images.min().item(), images.max().item()) == (0, 255)
    assert 0.1 < images.float().mean() / 255 < 0.16, "mostly background"


def test_batches_are_scaled_to_minus_one_to_one(data: MNIST5k) -> None:
    batch = next(iter(data.train_dataloader()))
    scaled = data.on_after_batch_transfer(batch, 0).real
    assert scaled.dtype == torch.float32
    assert (scaled.min().item(), scaled.max().item()) == (-1, 1)
    assert torch.equal(((scaled + 1) * 127.5).round().to(torch.uint8), batch.real)


def test_batches_yield_each_image_once(data: MNIST5k) -> None:
    batches = list(data.batches("test", batch_size=300))
    assert [len(batch.real) for batch in batches] == [300, 300, 300, 100]
    assert torch.equal(torch.cat([batch.real for batch in batches]), data.split("test").images)


def test_flips_mirror_half_of_the_images_and_depend_on_the_seed() -> None:
    def batch(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        data = MNIST5k(image_size=28, channels=1, num_classes=10, batch_size=400, flip=True, seed=seed)
        raw = next(iter(data.train_dataloader()))
        plain = raw.real.float() / 127.5 - 1
        return plain, data.on_after_batch_transfer(raw, 0).real

    plain, flipped = batch(0)
    mirrored = torch.tensor([torch.equal(a.flip(2), b) for a, b in zip(plain, flipped, strict=True)])
    assert 0.4 < mirrored.float().mean() < 0.6
    assert torch.equal(batch(0)[1], flipped)


def test_limit_applies_only_to_training(data: MNIST5k) -> None:
    limited = MNIST5k(image_size=28, channels=1, num_classes=10, batch_size=500, limit=1000)
    batches = iter(limited.train_dataloader())
    first, second, again, _ = (next(batches) for _ in range(4))
    assert torch.equal(torch.cat([first.labels, second.labels]).bincount(), torch.full((10,), 100))
    seen = {image.numpy().tobytes() for image in torch.cat([first.real, second.real])}
    assert {image.numpy().tobytes() for image in again.real} <= seen, "the next epoch has the same images"
    assert len(limited.split("train")) == 4000, "scores use the whole split"
    assert limited.fingerprint("train") == data.fingerprint("train")


@pytest.mark.parametrize(("limit", "message"), [(5000, "data.limit=5000"), (50, "data.batch_size=64")])
def test_bad_limits(limit: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        MNIST5k(image_size=28, channels=1, num_classes=10, limit=limit).setup("fit")


def test_other_sizes_are_resized() -> None:
    data = MNIST5k(image_size=32, channels=1, num_classes=10)
    assert data.image_shape == (1, 32, 32)
    assert data.split("test").images.shape == (1000, 1, 32, 32)
