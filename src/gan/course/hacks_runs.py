"""Measurements of chapter 7: the share of D's units through which no gradient reaches G, and the cost of updates."""

from collections.abc import Mapping
from typing import Any

import torch
from pandas import DataFrame
from torch import Tensor, nn

from gan.course.chapter import Tables
from gan.course.update_costs import update_costs
from gan.data.mnist5k import MNIST5k
from gan.images import from_uint8
from gan.losses.adversarial import NonSaturating
from gan.models.dcgan import Discriminator

__all__ = ["NETWORKS", "gradients", "measure"]

NETWORKS: dict[str, Mapping[str, Any]] = {
    "base": {},
    "relu": {"negative_slope": 0.0},
    "max_pool": {"downsampling": "max_pool"},
    "relu_max_pool": {"negative_slope": 0.0, "downsampling": "max_pool"},
}
"""Discriminators with dense and with sparse gradients, by their settings."""

TIMED = ("base", "instance_noise", "dropout", "relu", "max_pool", "relu_max_pool")
SHAPE, WIDTH, IMAGES = (1, 28, 28), 16, 64


def measure(short: bool) -> Tables:
    """Measure gradients of new discriminators, and the CPU time of an update of each player."""
    sparsity = [
        {"hack": hack, "seed": seed, **gradients(settings, seed)}
        for hack, settings in NETWORKS.items()
        for seed in range(2 if short else 5)
    ]
    costs = []
    for hack in TIMED[::5] if short else TIMED:
        options = ["experiment=course/hacks", f"experiment/course/hacks={hack}"]
        costs.append({"hack": hack, **update_costs(options, steps=20 if short else 60)})
    return {"sparsity": DataFrame(sparsity), "costs": DataFrame(costs)}


def gradients(settings: Mapping[str, Any], seed: int) -> dict[str, float]:
    """Differentiate G's loss through a new discriminator on digits.

    Returns:
        ``zeros``, the share of the inputs of D's activations with a gradient of exactly zero, the mean over layers,
        and ``norm``, the mean norm of the gradient of an image.
    """
    torch.manual_seed(seed)
    discriminator = Discriminator(SHAPE, WIDTH, **settings)
    shares: list[float] = []

    def count_zeros(_: nn.Module, gradient: tuple[Tensor, ...], __: object) -> None:
        shares.append((gradient[0] == 0).float().mean().item())

    for layer in discriminator.modules():
        if isinstance(layer, nn.LeakyReLU):
            layer.inplace = False  # hooks do not see gradients of a layer that changes its input
            layer.register_full_backward_hook(count_zeros)
    images = digits(IMAGES, seed).requires_grad_()
    loss = NonSaturating().generator(discriminator(images).logits)
    (gradient,) = torch.autograd.grad(loss, images)
    return {"zeros": sum(shares) / len(shares), "norm": IMAGES * gradient.flatten(1).norm(dim=1).mean().item()}


def digits(number: int, seed: int) -> Tensor:
    """Return digits in [-1, 1], with shape (number, 1, 28, 28)."""
    dataset = MNIST5k(image_size=28, channels=1, num_classes=10).load("train")
    indices = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed))[:number]
    return from_uint8(dataset.__getitems__(indices.tolist()).real)
