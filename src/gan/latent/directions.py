"""Directions in latent space along which images change most, found without labels."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError

__all__ = ["METHODS", "Method", "find_directions"]

Method = Literal["principal", "factorized"]
METHODS: tuple[Method, ...] = ("principal", "factorized")
SAMPLES = 4096  # whose activations the principal components are of


def find_directions(generator: TrainedGenerator, method: Method, num: int = 8, seed: int = 0) -> Tensor:
    """Find directions that change images much.

    Args:
        generator: Whose.
        method: ``principal`` for components of what the second layer sees (GANSpace; Härkönen et al., 2020, Section
            2.3), ``factorized`` for singular vectors of the first layer's weight (SeFa; Shen and Zhou, 2021, Eq. 7).
        num: How many.
        seed: What the samples follow from that components are of.

    Returns:
        Unit vectors, the most important first, with shape (num, latent_dim). Signs are such that the largest entry of
        each is positive.

    Raises:
        UserError: If there are fewer directions than that, or images do not change smoothly along any.
    """
    generator.check_smooth()
    latent_dim = generator.model.latent_dim
    if not 1 <= num <= latent_dim:
        raise UserError(f"there are 1 to {latent_dim} directions to find, not {num}")
    found = (_principal if method == "principal" else _factorized)(generator, num, seed)
    units = found / found.norm(dim=1, keepdim=True)
    largest = units.gather(1, units.abs().argmax(1, keepdim=True))
    return units * largest.sign()


def _factorized(generator: TrainedGenerator, num: int, _seed: int) -> Tensor:
    first, _ = _first_layers(generator)
    assert isinstance(first, nn.Linear | nn.modules.conv._ConvNd)
    transposed = not isinstance(first, nn.Linear) and first.transposed
    weight = first.weight if transposed else first.weight.transpose(0, 1)  # (inputs, outputs, ...)
    of_z = weight[: generator.model.latent_dim].flatten(1).double()  # what is appended to z has rows of its own
    return torch.linalg.svd(of_z.T, full_matrices=False).Vh[:num].float()


def _principal(generator: TrainedGenerator, num: int, seed: int) -> Tensor:
    """Regress z on the components' scores, which are uncorrelated, so on one by one."""
    _, second = _first_layers(generator)
    z = generator.latents(SAMPLES, seed)
    labels = torch.arange(SAMPLES, device=z.device) % generator.num_classes
    with _watched([second]) as seen:
        for part, classes in zip(z.split(256), labels.split(256), strict=True):
            generator(part, classes)
    features = torch.cat([inputs.flatten(1) for _, inputs in seen])
    features -= features.mean(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the random projection
        components = torch.pca_lowrank(features, min(num + 10, *features.shape), center=False, niter=4)[2][:, :num]
    scores = features @ components
    return scores.T @ (z - z.mean(0)) / scores.square().sum(0)[:, None]


def _first_layers(generator: TrainedGenerator) -> list[nn.Module]:
    """Find the layer with a matrix of weights that sees z, and the one after it.

    It may see it with something appended, and scaled to one length, as pixel norm does.
    """
    with generator.model.inference_network(generator.use_ema) as network:
        layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.modules.conv._ConvNd)]
    z = generator.latents(2)
    with _watched(layers) as seen:
        generator(z)
    heads = [inputs.flatten(1)[:, : z.shape[1]] for _, inputs in seen]
    sees_z = [x.shape == z.shape and torch.allclose(F.normalize(x), F.normalize(z), atol=1e-5) for x in heads]
    if True not in sees_z[:-1]:
        raise UserError(f"{generator.path}: no layer but the last one sees z itself, so it has no directions to find")
    first = sees_z.index(True)
    return [layer for layer, _ in seen[first : first + 2]]


@contextmanager
def _watched(layers: Iterable[nn.Module]) -> Iterator[list[tuple[nn.Module, Tensor]]]:
    """Note what some layers see, in the order of their calls."""
    seen: list[tuple[nn.Module, Tensor]] = []
    hooks = [layer.register_forward_pre_hook(lambda layer, args: seen.append((layer, args[0]))) for layer in layers]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
