"""ADA: resampling, each change and its frequency, and the adaptation of the probability."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.testing import assert_close

from gan.augment.ada import Adaptive
from gan.augment.color import Color
from gan.augment.corruption import Corruption
from gan.augment.filtering import POWER, Filtering, apply_gains, normalized_gains
from gan.augment.geometry import Geometry
from gan.augment.pipeline import Change
from gan.augment.resample import affine_resample
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


def resample(before: Tensor, linear: Tensor = EYE, x: float = 0.0, y: float = 0.0) -> Tensor:
    return affine_resample(before, linear.expand(len(before), -1, -1), torch.tensor([[x, y]]).expand(len(before), -1))


@pytest.mark.parametrize("channels", [1, 3])
def test_probability_zero_is_the_identity(channels: int) -> None:
    before = images(channels=channels)
    changes = Adaptive(8, {"geometry": Geometry(), "color": Color(), "filter": Filtering(), "corrupt": Corruption()})
    assert torch.equal(changes(before, KeyedRandom(0, total=ROWS)), before)


def test_disabled_filtering_and_corruption_draw_no_random_numbers() -> None:
    before, rng = images(), KeyedRandom(0, total=ROWS)
    off = Adaptive(8, {"filter": Filtering(0.0), "corrupt": Corruption(0.0, 0.0)}, start=1.0)
    assert torch.equal(off(before, rng), before)
    assert torch.equal(rng.uniform(), KeyedRandom(0, total=ROWS).uniform())


def test_resampling_is_bilinear_and_exact_at_whole_pixels() -> None:
    before = images(2)
    assert torch.equal(resample(before), before)
    assert torch.equal(resample(before, x=2)[..., :-2], before[..., 2:])
    assert_close(resample(before, y=0.5)[:, :, :-1], (before[:, :, 1:] + before[:, :, :-1]) / 2)
    assert_close(resample(before, torch.tensor([[0.0, -1.0], [1.0, 0.0]])), before.rot90(1, (2, 3)))
    assert_close(resample(before, torch.diag(torch.tensor([-1.0, 1.0]))), before.flip(3))


def test_positions_outside_the_image_are_reflected() -> None:
    before = images(2)
    padded = F.pad(before, (0, 7, 0, 7), mode="reflect")
    assert torch.equal(resample(before, x=7, y=7), padded[:, :, 7:, 7:])
    assert torch.equal(resample(before, x=14), before), "reflected twice"


def test_resampling_has_second_derivatives() -> None:
    before = images(2, size=5).double().requires_grad_()
    linear, offset = KeyedRandom(1, total=2).normal(2, 2).double(), 3 * KeyedRandom(2, total=2).normal(2).double()

    def squares(x: Tensor) -> Tensor:
        return affine_resample(x, linear, offset).square()

    assert torch.autograd.gradcheck(squares, before, fast_mode=True)
    assert torch.autograd.gradgradcheck(squares, before, fast_mode=True)


def test_half_of_the_images_are_flipped() -> None:
    before = images()
    after = geometry(before, x_flip=True)
    flipped = torch.tensor([torch.equal(a, b.flip(2)) for a, b in zip(after, before, strict=True)])
    assert torch.equal(after[~flipped], before[~flipped])
    assert flipped.float().mean().item() == pytest.approx(0.5, abs=0.1)


def test_rotations_by_multiples_of_90_degrees() -> None:
    before = images()
    after = geometry(before, rotate90=True)
    matches = torch.stack([(before.rot90(k, (2, 3)) - after).abs().amax((1, 2, 3)) < 1e-4 for k in range(4)])
    assert (matches.sum(0) == 1).all()
    assert matches.float().mean(1).tolist() == pytest.approx(4 * [0.25], abs=0.08)


def test_translations_by_whole_pixels_and_by_fractions() -> None:
    dot = torch.zeros(ROWS, 1, 9, 9)
    dot[:, :, 4, 4] = 1
    positions = geometry(dot, translation=2.4 / 9).nonzero()[:, 2:].tolist()
    assert {tuple(position) for position in positions} == {(y, x) for y in range(2, 7) for x in range(2, 7)}
    assert len(positions) == ROWS
    ramp = torch.arange(99.0).expand(ROWS, 1, 99, -1)
    shifts = (geometry(ramp, shift=0.02) - ramp)[:, 0, 49, 49]
    assert shifts.std().item() == pytest.approx(0.02 * 99, rel=0.1)
    assert shifts.frac().abs().max() > 0.4


@pytest.mark.parametrize(("setting", "axes"), [("scale", "xy"), ("anisotropy", "x/y")])
def test_scales_have_the_requested_deviation(setting: str, axes: str) -> None:
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
    assert angles.abs().max() <= torch.pi / 2, "two rotations by up to 45 degrees"


@pytest.mark.parametrize("setting", ["shift", "scale", "rotation", "brightness", "contrast", "noise", "cutout"])
def test_images_change_with_the_requested_probability(setting: str) -> None:
    before = images(2000)
    if setting in ("noise", "cutout"):
        after = apply(Corruption(**{"noise": 0.0, "cutout": 0.0, setting: 0.5}), before, 0.3)
    else:
        after = (geometry if setting in STILL else color)(before, 0.3, **{setting: 0.2})
    changed = (after != before).flatten(1).any(1).float().mean().item()
    assert changed == pytest.approx(0.3, abs=0.05)


def test_brightness_and_contrast() -> None:
    before = images()
    differences = (color(before, brightness=0.2) - before).flatten(1)
    assert_close(differences, differences[:, :1].expand_as(differences), atol=1e-6, rtol=0)
    assert differences[:, 0].std().item() == pytest.approx(0.2, rel=0.1)
    factors = (color(before, contrast=0.5) / before).flatten(1)
    assert_close(factors, factors[:, :1].expand_as(factors), rtol=1e-4, atol=0)
    assert factors[:, 0].log2().std().item() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_luma_flip_keeps_the_chroma(channels: int) -> None:
    before = images(channels=channels)
    after = color(before, luma_flip=True)
    sign = (after.mean(1) / before.mean(1)).flatten(1)
    assert_close(sign.abs(), torch.ones_like(sign), rtol=1e-3, atol=1e-3)
    assert 0.4 < (sign[:, 0] < 0).float().mean() < 0.6
    assert_close(after - after.mean(1, keepdim=True), before - before.mean(1, keepdim=True), atol=1e-6, rtol=1e-5)


def test_hue_rotates_the_chroma_and_saturation_scales_it() -> None:
    before = images()
    chroma = before - before.mean(1, keepdim=True)
    rotated, scaled = color(before, hue=1.0), color(before, saturation=1.0)
    assert_close(rotated.mean(1), before.mean(1), atol=1e-6, rtol=0)
    assert_close(scaled.mean(1), before.mean(1), atol=1e-5, rtol=0)
    rotated_chroma = rotated - rotated.mean(1, keepdim=True)
    assert_close(rotated_chroma.norm(dim=1), chroma.norm(dim=1))
    cosine = F.cosine_similarity(rotated_chroma, chroma).flatten(1)
    assert_close(cosine, cosine[:, :1].expand_as(cosine), atol=1e-3, rtol=0)
    assert cosine[:, 0].min() < -0.9
    factors = ((scaled - scaled.mean(1, keepdim=True)).norm(dim=1) / chroma.norm(dim=1)).flatten(1)
    assert factors[:, 0].log2().std().item() == pytest.approx(1.0, rel=0.1)
    assert torch.equal(color(before[:, :1], hue=1.0, saturation=1.0), before[:, :1])


def band_responses(frequency: float) -> list[float]:
    """Return the bands' gains at an angular frequency, from |H(w)|^2 / 2 = cos^4(w/2) (1 + 2 sin^2(w/2)) of sym2."""

    def low(w: float) -> float:
        return math.cos(w / 2) ** 4 * (1 + 2 * math.sin(w / 2) ** 2)

    def high(w: float) -> float:
        return low(w + math.pi)

    w = frequency
    return [low(4 * w) * low(2 * w) * low(w), high(4 * w) * low(2 * w) * low(w), high(2 * w) * low(w), high(w)]


@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize("frequency", [0.0, 0.1, 0.3, 0.5, 0.75, 1.0])
def test_a_pure_tone_is_amplified_by_the_gains_of_its_bands(frequency: float, axis: int) -> None:
    """The other axis has frequency 0, which the lowest band passes alone."""
    gains = torch.tensor([[0.5, 3.0, 2.0, 0.25], [1.0, 1.0, 4.0, 1.0]])
    positions = torch.arange(-60.0, 61)
    tone = (math.pi * frequency * positions).cos().expand(2, 1, 121, -1)
    after = apply_gains(tone if axis == 3 else tone.mT, gains)[:, 0, 60, 60]
    assert band_responses(0.0) == pytest.approx([1, 0, 0, 0])
    assert_close(after, gains[:, 0] * (gains @ torch.tensor(band_responses(math.pi * frequency))), rtol=1e-4, atol=1e-5)


def test_gains_keep_the_expected_power() -> None:
    gains = torch.eye(4) * 3 + 1  # one band each
    assert_close((normalized_gains(gains).square() * torch.tensor(POWER)).sum(1), torch.ones(4))
    both = normalized_gains(torch.tensor([[4.0, 0.5, 1.0, 1.0]]))
    assert_close(both, torch.tensor([[4.0, 0.5, 1.0, 1.0]]) / ((1 + 15 * 10 / 13) * (1 - 0.75 / 13)) ** 0.5)


def test_the_gains_of_bands_have_the_requested_deviation() -> None:
    stripes = torch.tensor([1.0, -1.0]).repeat(4).expand(4000, 1, 8, -1)  # passed by the highest band
    factors = apply(Filtering(0.5), stripes)[:, 0, 4, 4] / apply(Filtering(0.5), torch.ones_like(stripes))[:, 0, 4, 4]
    assert factors.log2().std().item() == pytest.approx(2**0.5 * 0.5, rel=0.05), "one band's gain over another's"


def test_the_deviation_of_the_noise_is_half_normal() -> None:
    before = images(2000, size=16)
    deviations = (apply(Corruption(noise=0.1, cutout=0.0), before) - before).flatten(1).std(1)
    assert deviations.square().mean().sqrt().item() == pytest.approx(0.1, rel=0.05)
    assert deviations.mean().item() == pytest.approx(0.1 * (2 / math.pi) ** 0.5, rel=0.05)


def test_a_hole_has_half_the_side_of_the_image() -> None:
    """Along each axis, a centre at c hides min(1, c + 1/4) - max(0, c - 1/4) of the image: 7/16 on average."""
    holes = 1 - apply(Corruption(noise=0.0, cutout=0.5), torch.ones(4000, 1, 32, 64))
    areas = holes.mean((1, 2, 3))
    assert areas.max().item() == pytest.approx(1 / 4, abs=1 / 32)
    assert areas.mean().item() == pytest.approx((7 / 16) ** 2, rel=0.02)
    rows, columns = holes.amax(3).sum(2), holes.amax(2).sum(2)
    assert torch.equal(holes.sum((2, 3)), rows * columns), "a rectangle"
    assert_close(columns.max(), 2 * rows.max())


def probabilities(augment: Adaptive, *accuracies: float, images: int = 10) -> list[float]:
    """Return p after each step, given D's accuracies on real images."""
    steps = enumerate(accuracies, 1)
    return [augment.observe(torch.tensor(a), step, images)["augment_p"].item() for step, a in steps]


def test_the_probability_follows_overfitting() -> None:
    augment = Adaptive(8, {}, images=100, interval=2)
    assert probabilities(augment, 1.0, 0.9, 0.7, 0.6) == pytest.approx([0.0, 0.2, 0.2, 0.0])
    assert augment.overfitting.item() == pytest.approx(0.3), "the mean sign over two steps: 0.4 and 0.2"
    assert probabilities(augment, 0.81, 0.81) == pytest.approx([0.0, 0.2]), "r is 0.62"
    assert probabilities(augment, 0.79, 0.79, 0.5, 0.5) == pytest.approx([0.2, 0.0, 0.0, 0.0]), "r is 0.58"


def test_the_probability_goes_from_0_to_1_within_the_requested_images() -> None:
    augment = Adaptive(8, {}, images=400, interval=4)
    assert probabilities(augment, *40 * [1.0])[-2:] == pytest.approx([0.9, 1.0])
    assert probabilities(augment, *4 * [1.0])[-1] == 1
    limited = Adaptive(8, {}, images=400, interval=4, limit=0.8)
    assert probabilities(limited, *80 * [1.0])[-1] == pytest.approx(0.8)
    assert probabilities(limited, *80 * [0.5])[-1] == 0


def test_the_probability_is_part_of_the_state() -> None:
    augment, twin = (Adaptive(8, {}, images=100, interval=2) for _ in range(2))
    probabilities(augment, 1.0, 1.0, 1.0)
    twin.load_state_dict(augment.state_dict())
    after = twin.observe(torch.tensor(1.0), 4, 10)["augment_p"].item()
    assert after == pytest.approx(0.4)


def test_a_start_above_the_limit_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"start must be at most limit=0\.8, not 0\.9"):
        Adaptive(8, {}, start=0.9, limit=0.8)
