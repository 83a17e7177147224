"""Colourfulness, deviation of blue and yellow, gradient energy and chroma histograms: closed forms."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.data.gaussians import Ring
from gan.errors import UserError
from gan.features.mixture import Mixture
from gan.metrics.chroma import ChromaHistogram, ChromaL1, chroma_histogram
from gan.metrics.colour import BlueYellow, Colorfulness, blue_yellow_deviation, colorfulness
from gan.metrics.measure import Measure
from gan.metrics.sharpness import GradientEnergy, gradient_energy
from gan.metrics.statistics import Statistics, gather
from gan.types import Samples

FEATURES = Mixture(Ring(image_size=1, channels=2, num_classes=8))
RANDOM = np.random.default_rng(0)
NOISE = torch.from_numpy(RANDOM.integers(256, size=(6, 3, 8, 10), dtype=np.uint8))


def statistics(measure: Measure, images: Tensor, targets: Tensor | None = None) -> Statistics:
    parts = [None] * 9 if targets is None else targets.split(4)
    batches = [Samples(x, torch.zeros(len(x)), real=y) for x, y in zip(images.split(4), parts, strict=False)]
    return gather(FEATURES, batches, measure.needs, torch.device("cpu"))


def colour(*rgb: int) -> Tensor:
    return torch.tensor(rgb, dtype=torch.uint8)[None, :, None, None].expand(5, -1, 4, 6)


def test_colourfulness_follows_the_paper() -> None:
    """Hasler and Suesstrunk (2003), Section 7, pixel by pixel in float64."""
    red, green, blue = NOISE.double().numpy().transpose(1, 0, 2, 3)
    rg, yb = red - green, (red + green) / 2 - blue
    deviation = np.hypot(rg.std((1, 2)), yb.std((1, 2)))
    mean = np.hypot(rg.mean((1, 2)), yb.mean((1, 2)))
    assert_close(colorfulness(NOISE).double().numpy(), deviation + 0.3 * mean, rtol=1e-5, atol=0)
    assert_close(blue_yellow_deviation(NOISE).double().numpy(), yb.std((1, 2)), rtol=1e-5, atol=0)
    assert colorfulness(NOISE[:, :1].expand(-1, 3, -1, -1)).abs().max() == 0


def test_the_energy_of_a_ramp_is_that_of_its_slopes() -> None:
    rows, columns = torch.meshgrid(torch.arange(10), torch.arange(12), indexing="ij")
    assert_close(gradient_energy((3 * rows + 5 * columns)[None, None].to(torch.uint8)), torch.tensor([34.0]))


@pytest.mark.parametrize("measure", [Colorfulness(), BlueYellow(), GradientEnergy()], ids=lambda x: type(x).__name__)
def test_ratios_are_of_means(measure: Measure) -> None:
    muted = (NOISE.float() * 0.5 + 64).to(torch.uint8)
    real, fake = statistics(measure, NOISE), statistics(measure, muted)
    ratio, own, of_real = measure.higher_is_better
    assert measure(real, real)[ratio] == 1
    scores = measure(real, fake)
    assert scores[ratio] == pytest.approx(scores[own] / scores[of_real])
    assert scores[ratio] == pytest.approx(0.25 if ratio == "gradient_energy_ratio" else 0.5, rel=0.02)


def test_a_histogram_counts_the_pixels_of_a_colour() -> None:
    """Pure red has a* = 80.1 and b* = 67.2 (CIE 15:2004): bins 19 and 17 of 22 from -110 on."""
    counts = chroma_histogram(colour(255, 0, 0))
    assert counts.shape == (5, 22, 22)
    assert (counts[:, 19, 17] == 24).all()
    assert counts.sum() == 5 * 24
    several = chroma_histogram(NOISE)
    assert_close(several[2:3], chroma_histogram(NOISE[2:3]))  # images do not mix


def test_the_distance_is_the_share_of_pixels_to_change() -> None:
    measure = ChromaHistogram()
    red, blue = colour(255, 0, 0), colour(0, 0, 255)
    mixed = torch.cat([red[:1], blue[:4]])
    real, fake, both = (statistics(measure, images) for images in (red, blue, mixed))
    assert real.tensors["chroma_histogram"].shape == (22, 22), "the sum over images alone is kept"
    distances = [measure(real, other)["chroma_histogram"] for other in (real, both, fake)]
    assert distances == pytest.approx([0, 0.8, 1])


def test_chroma_l1_is_in_units_of_cielab() -> None:
    measure, grey = ChromaL1(), colour(99, 99, 99)
    scores = measure(Statistics(0), statistics(measure, grey, colour(255, 0, 0)))
    assert scores["chroma_l1"] == pytest.approx((80.1 + 67.2) / 2, abs=0.1)


def test_grey_images_have_no_colours_to_measure() -> None:
    for measure in (Colorfulness(), ChromaHistogram()):
        with pytest.raises(UserError, match="need colour images, not 1 channels"):
            statistics(measure, NOISE[:, :1])
    with pytest.raises(UserError, match="flat or grey, and have no colorfulness_ratio"):
        Colorfulness()(*[statistics(Colorfulness(), colour(7, 7, 7))] * 2)
