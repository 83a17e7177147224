"""ADA: each change against what it must come to, how many images it befalls, and what drives the probability."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.testing import assert_close

from gan.augment.ada import Adaptive
from gan.augment.color import Color
from gan.augment.geometry import Geometry
from gan.augment.pipeline import Change
from gan.augment.resample import resampled
from gan.keyed_random import KeyedRandom

STILL = {"translation": 0.0, "scale": 0.0, "rotation": 0.0, "anisotropy": 0.0, "shift": 0.0}
GREY = {"brightness": 0.0, "contrast": 0.0, "hue": 0.0, "saturation": 0.0}
NO_GEOMETRY: dict[str, Any] = {"x_flip": False, "rotate90": False, **STILL}
NO_COLOR: dict[str, Any] = {"luma_flip": False, **GREY}
EYE = torch.eye(2)
ROWS = 400


def images(number: int = ROWS, channels: int = 3, size: int = 8) -> Tensor:
    return torch.rand(number, channels, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


def apply(change: Change, before: Tensor, probability: float = 1.0) -> Tensor:
    return Adaptive(8, {"one": change, "none": None}, start=probability)(before, KeyedRandom(0, total=len(before)))


def geometry(before: Tensor, probability: float = 1.0, **settings: Any) -> Tensor:
    return apply(Geometry(**{**NO_GEOMETRY, **settings}), before, probability)


def color(before: Tensor, probability: float = 1.0, **settings: Any) -> Tensor:
    return apply(Color(**{**NO_COLOR, **settings}), before, probability)


def moved(before: Tensor, linear: Tensor = EYE, x: float = 0.0, y: float = 0.0) -> Tensor:
    return resampled(before, linear.expand(len(before), -1, -1), torch.tensor([[x, y]]).expand(len(before), -1))


@pytest.mark.parametrize("channels", [1, 3])
def test_probability_zero_is_the_identity(channels: int) -> None:
    before = images(channels=channels)
    both = Adaptive(8, {"geometry": Geometry(), "color": Color()})
    assert torch.equal(both(before, KeyedRandom(0, total=ROWS)), before)


def test_places_are_looked_up_between_pixels() -> None:
    before = images(2)
    assert torch.equal(moved(before), before)
    assert torch.equal(moved(before, x=2)[..., :-2], before[..., 2:])
    assert_close(moved(before, y=0.5)[:, :, :-1], (before[:, :, 1:] + before[:, :, :-1]) / 2)
    assert_close(moved(before, torch.tensor([[0.0, -1.0], [1.0, 0.0]])), before.rot90(1, (2, 3)))
    assert_close(moved(before, torch.diag(torch.tensor([-1.0, 1.0]))), before.flip(3))


def test_beyond_the_border_images_are_reflected() -> None:
    before = images(2)
    padded = F.pad(before, (0, 7, 0, 7), mode="reflect")
    assert torch.equal(moved(before, x=7, y=7), padded[:, :, 7:, 7:])
    assert torch.equal(moved(before, x=14), before), "as often as it takes"


def test_flips_befall_half() -> None:
    before = images()
    after = geometry(before, x_flip=True)
    flipped = torch.tensor([torch.equal(a, b.flip(2)) for a, b in zip(after, before, strict=True)])
    assert torch.equal(after[~flipped], before[~flipped])
    assert flipped.float().mean().item() == pytest.approx(0.5, abs=0.1)


def test_turns_are_by_quarters() -> None:
    before = images()
    after = geometry(before, rotate90=True)
    turned = torch.stack([(before.rot90(k, (2, 3)) - after).abs().amax((1, 2, 3)) < 1e-4 for k in range(4)])
    assert (turned.sum(0) == 1).all()
    assert turned.float().mean(1).tolist() == pytest.approx(4 * [0.25], abs=0.08)


def test_shifts_are_by_whole_pixels_or_not() -> None:
    dot = torch.zeros(ROWS, 1, 9, 9)
    dot[:, :, 4, 4] = 1
    places = geometry(dot, translation=2.4 / 9).nonzero()[:, 2:].tolist()
    assert {tuple(place) for place in places} == {(y, x) for y in range(2, 7) for x in range(2, 7)}
    assert len(places) == ROWS
    ramp = torch.arange(99.0).expand(ROWS, 1, 99, -1)
    by = (geometry(ramp, shift=0.02) - ramp)[:, 0, 49, 49]
    assert by.std().item() == pytest.approx(0.02 * 99, rel=0.1)
    assert by.frac().abs().max() > 0.4


@pytest.mark.parametrize(("setting", "axes"), [("scale", "xy"), ("anisotropy", "x/y")])
def test_scales_are_as_wide_as_said(setting: str, axes: str) -> None:
    ramp = torch.arange(41.0).expand(ROWS, 1, 41, -1) - 20
    both = torch.cat([ramp, ramp.transpose(2, 3)], 1)
    after = geometry(both, **{setting: 0.2})
    x, y = (after[:, 0, 20, 22] / 2).log2(), (after[:, 1, 22, 20] / 2).log2()
    assert_close(y, x if axes == "xy" else -x, atol=1e-4, rtol=0)
    assert x.std().item() == pytest.approx(0.2, rel=0.1)


def test_rotations_keep_the_distance_from_the_centre() -> None:
    ramp = torch.arange(41.0).expand(ROWS, 1, 41, -1) - 20
    both = torch.cat([ramp, ramp.transpose(2, 3)], 1)
    after = geometry(both, probability=0.999, rotation=0.25)[:, :, 20, 22]
    assert_close(after.norm(dim=1), torch.full((ROWS,), 2.0), atol=1e-3, rtol=0)
    angles = torch.atan2(after[:, 1], after[:, 0])
    assert angles.abs().max() <= torch.pi / 2, "twice a quarter of half a turn"


@pytest.mark.parametrize("setting", ["shift", "scale", "rotation", "brightness", "contrast"])
def test_as_many_images_change_as_the_probability_says(setting: str) -> None:
    before = images(2000)
    after = (geometry if setting in STILL else color)(before, 0.3, **{setting: 0.2})
    changed = (after != before).flatten(1).any(1).float().mean().item()
    assert changed == pytest.approx(0.3, abs=0.05)


def test_brightness_and_contrast() -> None:
    before = images()
    moved = (color(before, brightness=0.2) - before).flatten(1)
    assert_close(moved, moved[:, :1].expand_as(moved), atol=1e-6, rtol=0)
    assert moved[:, 0].std().item() == pytest.approx(0.2, rel=0.1)
    factors = (color(before, contrast=0.5) / before).flatten(1)
    assert_close(factors, factors[:, :1].expand_as(factors), rtol=1e-4, atol=0)
    assert factors[:, 0].log2().std().item() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_luma_flip_leaves_the_chroma(channels: int) -> None:
    before = images(channels=channels)
    after = color(before, luma_flip=True)
    sign = (after.mean(1) / before.mean(1)).flatten(1)
    assert_close(sign.abs(), torch.ones_like(sign), rtol=1e-3, atol=1e-3)
    assert 0.4 < (sign[:, 0] < 0).float().mean() < 0.6
    assert_close(after - after.mean(1, keepdim=True), before - before.mean(1, keepdim=True), atol=1e-6, rtol=1e-5)


def test_hue_turns_the_chroma_and_saturation_scales_it() -> None:
    before = images()
    chroma = before - before.mean(1, keepdim=True)
    turned, scaled = color(before, hue=1.0), color(before, saturation=1.0)
    assert_close(turned.mean(1), before.mean(1), atol=1e-6, rtol=0)
    assert_close(scaled.mean(1), before.mean(1), atol=1e-5, rtol=0)
    of_turned = turned - turned.mean(1, keepdim=True)
    assert_close(of_turned.norm(dim=1), chroma.norm(dim=1))
    cosine = F.cosine_similarity(of_turned, chroma).flatten(1)
    assert_close(cosine, cosine[:, :1].expand_as(cosine), atol=1e-3, rtol=0)
    assert cosine[:, 0].min() < -0.9
    factors = ((scaled - scaled.mean(1, keepdim=True)).norm(dim=1) / chroma.norm(dim=1)).flatten(1)
    assert factors[:, 0].log2().std().item() == pytest.approx(1.0, rel=0.1)
    assert torch.equal(color(before[:, :1], hue=1.0, saturation=1.0), before[:, :1])


def observed(augment: Adaptive, *accuracies: float, images: int = 10) -> list[float]:
    """Return p after each step, of the accuracies that D has on real images."""
    steps = enumerate(accuracies, 1)
    return [augment.observe(torch.tensor(a), step, images)["augment_p"].item() for step, a in steps]


def test_the_probability_follows_the_overfitting() -> None:
    augment = Adaptive(8, {}, images=100, interval=2)
    assert observed(augment, 1.0, 0.9, 0.7, 0.6) == pytest.approx([0.0, 0.2, 0.2, 0.0])
    assert augment.overfitting.item() == pytest.approx(0.3), "the mean sign over two steps: 0.4 and 0.2"
    assert observed(augment, 0.81, 0.81) == pytest.approx([0.0, 0.2]), "r is 0.62"
    assert observed(augment, 0.79, 0.79, 0.5, 0.5) == pytest.approx([0.2, 0.0, 0.0, 0.0]), "r is 0.58"


def test_the_probability_crosses_its_range_in_as_many_images_as_said() -> None:
    augment = Adaptive(8, {}, images=400, interval=4)
    assert observed(augment, *40 * [1.0])[-2:] == pytest.approx([0.9, 1.0])
    assert observed(augment, *4 * [1.0])[-1] == 1
    limited = Adaptive(8, {}, images=400, interval=4, limit=0.8)
    assert observed(limited, *80 * [1.0])[-1] == pytest.approx(0.8)
    assert observed(limited, *80 * [0.5])[-1] == 0


def test_the_probability_is_part_of_the_state() -> None:
    augment, twin = (Adaptive(8, {}, images=100, interval=2) for _ in range(2))
    observed(augment, 1.0, 1.0, 1.0)
    twin.load_state_dict(augment.state_dict())
    (after,) = (x.observe(torch.tensor(1.0), 4, 10)["augment_p"].item() for x in (twin,))
    assert after == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start": 0.9, "limit": 0.8}, "start"),
        ({"limit": 1.1}, "limit"),
        ({"target": 1.0}, "target"),
        ({"images": 0}, "images"),
        ({"interval": 0}, "interval"),
    ],
)
def test_numbers_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Adaptive(8, {}, **settings)


@pytest.mark.parametrize("name", [*STILL, *GREY])
def test_negative_sizes_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        (Geometry if name in STILL else Color)(**{name: -0.1})
