"""Class conditioning: label vectors, mixtures of classes, and class-conditional norms."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.testing import assert_close

from gan.nn.conditioning import ConditionalNorm, LabelVector
from gan.nn.layers import Norm, norm_layer


@pytest.mark.parametrize("embedding_dim", [None, 3])
def test_a_mixture_is_the_weighted_mean_of_class_vectors(embedding_dim: int | None) -> None:
    label = LabelVector(5, embedding_dim)
    first, second = label(torch.tensor([1, 4]))
    assert_close(label(torch.tensor([[0, 0.25, 0, 0, 0.75]]))[0], 0.25 * first + 0.75 * second)


@pytest.mark.parametrize("norm", ["batch", "instance", "layer", "none"])
def test_all_classes_start_as_the_plain_norm(norm: Norm) -> None:
    images, plain = torch.randn(4, 6, 5, 5), norm_layer(norm, 6, affine=False)
    assert not list(plain.parameters())
    assert_close(ConditionalNorm(norm, 6, 3)(images, torch.tensor([0, 1, 2, 1])), plain(images))


@pytest.mark.parametrize("mixed", [False, True])
def test_each_image_gets_the_scale_and_shift_of_its_class(mixed: bool) -> None:
    torch.manual_seed(0)
    layer, images, labels = ConditionalNorm("batch", 6, 3), torch.randn(4, 6, 5, 5), torch.tensor([2, 0, 2, 1])
    scales, shifts = nn.init.normal_(layer.scale.weight), nn.init.normal_(layer.shift.weight)
    mean, variance = images.mean((0, 2, 3), keepdim=True), images.var((0, 2, 3), correction=0, keepdim=True)
    normalised = (images - mean) / (variance + 1e-5).sqrt()
    expected = [
        scales[:, k, None, None] * x + shifts[:, k, None, None] for k, x in zip(labels, normalised, strict=True)
    ]
    assert_close(layer(images, F.one_hot(labels, 3).float() if mixed else labels), torch.stack(expected))


def test_running_statistics_are_shared_by_all_classes() -> None:
    layer, images = ConditionalNorm("batch", 2, 3), torch.randn(4, 2, 5, 5)
    layer(images, torch.tensor([0, 0, 1, 1]))
    assert isinstance(layer.norm, nn.BatchNorm2d)
    assert_close(layer.norm.running_mean, 0.1 * images.mean((0, 2, 3)))


@pytest.mark.parametrize("make", [LabelVector, lambda num_classes: ConditionalNorm("batch", 4, num_classes)])
def test_one_class_is_rejected(make: type[nn.Module]) -> None:
    with pytest.raises(ValueError, match="two classes or more, not 1"):
        make(1)
