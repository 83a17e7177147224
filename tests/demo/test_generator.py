"""Demo: samples, shifts along directions, and morphs equal those of the library."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

import gan
from gan.demo.figures import sample_figures
from gan.demo.generator import MORPH_STEPS, DemoGenerator
from gan.demo.settings import MorphSettings, SampleSettings
from gan.errors import UserError
from gan.latent.directions import find_directions

Checkpoint = Callable[..., Path]


@pytest.fixture(scope="module")
def demo(checkpoint: Checkpoint) -> DemoGenerator:
    return DemoGenerator(gan.load(checkpoint("model=cgan")))


@pytest.mark.parametrize("truncation", [None, 0.5])
@pytest.mark.parametrize("label", [None, 3])
def test_samples_equal_the_librarys(demo: DemoGenerator, label: int | None, truncation: float | None) -> None:
    settings = SampleSettings(seed=2, truncation=truncation, num=12, label=label)
    expected = demo.generator.sample(12, None if label is None else [label], 2, truncation)
    assert_close(demo.images(demo.inputs(settings)), expected)


def test_samples_of_a_sentence(checkpoint: Checkpoint) -> None:
    words = ["data.image_size=16", "data.made.digit_size=8", "data.made.rows=100", "metric=[l1]"]
    demo = DemoGenerator(gan.load(checkpoint("model=dfgan", *words)))
    assert demo.example() in [demo.generator.data.made.sentence(place) for place in product(*map(range, (10, 4, 4)))]
    images = demo.images(demo.inputs(SampleSettings(num=3, text="a red seven, top left")))
    assert_close(images, demo.generator.sample(3, text="a red seven, top left"))
    page = sample_figures([demo], SampleSettings(num=2, text="a red seven, top left"))
    assert "text=a+red+seven" in page
    with pytest.raises(UserError, match="'purple' is not in the vocabulary"):
        demo.inputs(SampleSettings(num=3, text="a purple seven"))


def test_other_generators_take_no_sentence(demo: DemoGenerator) -> None:
    assert demo.example() is None
    with pytest.raises(UserError, match="does not generate images from sentences"):
        demo.inputs(SampleSettings(text="a cat"))


def test_shifts_move_along_directions(demo: DemoGenerator) -> None:
    directions = find_directions(demo.generator, "factorized", 5)
    unshifted = demo.inputs(SampleSettings(num=4)).tensors()["z"]
    shifted = demo.inputs(SampleSettings(num=4, method="factorized", shifts=(0, -2, 0, 0, 1))).tensors()["z"]
    assert_close(shifted - unshifted, (directions[4] - 2 * directions[1]).expand(4, -1))


def test_morph_starts_and_ends_at_its_seeds_and_classes(demo: DemoGenerator) -> None:
    settings = MorphSettings(start=3, end=4, start_label=1, end_label=7, t=1)
    image, frames = demo.morph(settings)
    ends = [demo.generator.sample(1, [label], seed) for seed, label in ((3, 1), (4, 7))]
    assert len(frames) == MORPH_STEPS + 1
    assert_close(torch.cat([frames[:1], frames[-1:]]), torch.cat(ends))
    assert_close(image, ends[1])
    assert_close(demo.morph(settings.model_copy(update={"t": 0.3}))[0], frames[3:4])


def test_uniform_noise(checkpoint: Checkpoint) -> None:
    demo = DemoGenerator(gan.load(checkpoint("model.latent=uniform")))
    assert demo.max_truncation == 1
    unshifted, shifted = (demo.inputs(SampleSettings(num=2, shifts=shifts)).tensors()["z"] for shifts in ((), (1.0,)))
    assert_close((shifted - unshifted).norm(dim=1), torch.full((2,), 3**-0.5))
