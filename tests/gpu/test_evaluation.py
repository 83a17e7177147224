"""Scores on the GPU are those of the CPU, up to rounding."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.features.inception import Inception
from gan.instantiate import build
from gan.types import Samples
from tests.features.test_inception import COLOUR, write_random_weights
from tests.gpu.conftest import DRY
from tests.test_conf import composed, data_of

CPU = torch.device("cpu")


def test_scores_are_those_of_the_cpu(
    device: torch.device, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Fréchet distance, kernel distance and inception score of the same images, with the features of the classifier."""
    num = 512
    config = composed("metric=[frechet,kernel,inception_score]", f"metric.num_samples={num}")
    data, labels = data_of(config), torch.arange(num) % 10
    images = torch.randint(256, (num, *data.image_shape), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    scores: list[tuple[Tensor, dict[str, float]]] = []
    for place in (CPU, device):
        config.metric.cache = str(tmp_path / f"{len(scores)}")
        evaluator = build(config.metric).prepare(data, place)
        vectors = evaluator.features(images.to(place)).vectors
        scores.append((vectors.cpu(), evaluator([Samples(images.to(place), labels.to(place), None, None)])))
    (vectors, wanted), (of_device, found) = scores
    assert_close(of_device, vectors, rtol=1e-3, atol=1e-3)
    for name, score in wanted.items():
        record_property(name, f"{found[name]:.6g}, on the CPU {score:.6g}")
        assert found[name] == pytest.approx(score, rel=1e-3, abs=1e-6), name


def test_inception_features_are_those_of_the_cpu(device: torch.device, tmp_path: Path) -> None:
    """With random weights: the published ones need a download."""
    write_random_weights(tmp_path / "weights.pth")
    network = Inception(COLOUR, str(tmp_path / "weights.pth")).eval()
    shape = (1 if DRY else 4, 3, 28, 28)
    images = torch.randint(256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    with torch.no_grad():
        wanted = network(images)
        found = network.to(device)(images.to(device))
    assert_close(found.vectors.cpu(), wanted.vectors, rtol=1e-3, atol=1e-3 * float(wanted.vectors.abs().max()))
