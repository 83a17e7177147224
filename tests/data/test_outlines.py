"""Outlines of digits: what is drawn, and which digits are on which side."""

import pytest
import torch
from torch import Tensor

from gan.data.mnist5k import MNIST5k
from gan.data.outlines import ToOutlines, draw_outlines
from gan.errors import UserError
from gan.images import to_uint8


@pytest.fixture(scope="module")
def digits() -> MNIST5k:
    return MNIST5k(image_size=28, channels=1, num_classes=10)


def outlines(digits: MNIST5k, **settings: object) -> ToOutlines:
    return ToOutlines(digits=digits, **{"image_size": 28, "channels": 1, "num_classes": 10, **settings})


def bytes_of(image: Tensor) -> bytes:
    return image.numpy().tobytes()


def rows_of(images: Tensor) -> set[bytes]:
    return set(map(bytes_of, images))


def test_an_outline_is_a_ring_around_the_shape() -> None:
    image = torch.zeros(1, 1, 7, 7, dtype=torch.uint8)
    image[..., 2:4, 2:5] = 200
    expected = torch.full((7, 7), 255, dtype=torch.uint8)
    expected[1:5, 1:6] = 55
    expected[2:4, 2:5] = 255
    assert torch.equal(draw_outlines(image)[0, 0], expected)


def test_no_training_digit_is_on_both_sides(digits: MNIST5k) -> None:
    data = outlines(digits)
    train = data.split("train").__getitems__(list(range(2000)))
    assert isinstance(train.condition, Tensor)
    assert len(data.split("train")) == 2000
    assert not rows_of(draw_outlines(train.condition)) & rows_of(train.real)
    everything = digits.split("train")
    outlines_of = map(bytes_of, draw_outlines(everything.images))
    labels = dict(zip(outlines_of, everything.labels.tolist(), strict=True))
    assert train.labels.tolist() == [labels[bytes_of(image)] for image in train.real]


def test_held_out_digits_have_their_true_outline(digits: MNIST5k) -> None:
    request = outlines(digits).requests(range(998, 1002))
    assert isinstance(request.condition, Tensor)
    assert torch.equal(to_uint8(request.real), draw_outlines(to_uint8(request.condition)))
    held_out = digits.split("test")
    assert torch.equal(request.labels, held_out.labels[[998, 999, 0, 1]])


def test_the_number_of_rows(digits: MNIST5k) -> None:
    assert len(outlines(digits, rows=300).split("train")) == 300
    assert outlines(digits, rows=300).fingerprint("train") != outlines(digits).fingerprint("train")
    with pytest.raises(UserError, match=r"data\.rows=2001 of each kind are more than the 4000 training digits"):
        outlines(digits, rows=2001).split("train")
    with pytest.raises(UserError, match=r"both need the same size"):
        outlines(digits, image_size=32)
