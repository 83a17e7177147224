"""Perceptual distances: closed forms on a stand-in network, and LPIPS with a backbone of random weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close
from torchvision.models import squeezenet1_1

from gan.errors import UserError
from gan.images import from_uint8
from gan.metrics.measure import Measure
from gan.metrics.perceptual import LPIPS, FeatureDistance
from gan.metrics.statistics import PairStatistic, Statistics
from gan.nn.pretrained.base import FeatureMaps


class Pixels(FeatureMaps):
    """The channels of each pixel."""

    name, weights_digest = "pixels", "none"

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        return [images + 1]


def distances(measure: Measure, images: Tensor, targets: Tensor) -> Tensor:
    (need,) = measure.needs
    assert isinstance(need, PairStatistic)
    return need.compute(images, targets)


def test_the_distance_of_orthogonal_features_is_two() -> None:
    measure = FeatureDistance(Pixels)
    colours = torch.tensor([[9, 0, 0], [0, 0, 99]], dtype=torch.uint8)
    red, blue = (colour.view(1, 3, 1, 1).expand(2, 3, 4, 4) for colour in colours)
    assert_close(distances(measure, red, blue), torch.tensor([2.0, 2.0]))
    assert_close(distances(measure, red, red), torch.zeros(2))
    assert measure.higher_is_better == {"feature_distance_pixels": False}
    assert measure.settings == {"network": "pixels", "weights": "none"}
    assert measure(Statistics(0), Statistics(2, {measure.name: torch.tensor([1.0, 2.0])})) == {measure.name: 1.5}


def test_lpips_loads_its_backbone_from_a_file(tmp_path: Path) -> None:
    """The real weights are in no package: those here are random, of the right shapes."""
    model = squeezenet1_1(weights=None).eval()
    torch.save(model.state_dict(), tmp_path / "squeezenet.pth")
    measure = LPIPS("squeeze", str(tmp_path / "squeezenet.pth"))
    images = torch.randint(256, (2, 3, 40, 36), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    network: Any = measure.network
    scaled = network.scaling_layer(from_uint8(images))
    with torch.no_grad():
        assert_close(network.net(scaled)[-1], model.features(scaled))
    assert_close(distances(measure, images, images), torch.zeros(2))
    ours = distances(measure, images, images.flip(0))
    assert (ours > 0).all()
    assert ours[0] == pytest.approx(float(ours[1]), rel=1e-4), "it is symmetric"
    grey = images[:, :1]
    repeated = grey.expand(-1, 3, -1, -1)
    assert_close(distances(measure, grey, grey.flip(0)), distances(measure, repeated, repeated.flip(0)))
    with pytest.raises(UserError, match="32 pixels or more"):
        distances(measure, images[..., :20], images[..., :20])


def test_without_weights_lpips_names_the_file_and_an_alternative(tmp_path: Path) -> None:
    (tmp_path / "empty.pth").write_bytes(b"")
    for path in ("nowhere.pth", str(tmp_path / "empty.pth")):
        with pytest.raises(UserError, match=r"metric\.measures\.lpips\.weights=FILE .* or use metric=feature_distance"):
            _ = LPIPS("squeeze", path).network
