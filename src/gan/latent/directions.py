"""Directions in latent space along which images change most, found without labels."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.float64 import float64_device, to_float64

__all__ = ["METHODS", "Method", "find_directions"]

Method = Literal["principal", "factorized"]
METHODS: tuple[Method, ...] = ("principal", "factorized")
NUM_SAMPLES = 4096  # samples for the principal components


def find_directions(generator: TrainedGenerator, method: Method, num: int = 8, seed: int = 0) -> Tensor:
    """Find the directions in latent space that change images most.

    Args:
        generator: The generator.
        method: ``principal`` for principal components of the second layer's input (GANSpace; Härkönen et al., 2020,
            Section 2.3), ``factorized`` for singular vectors of the first layer's weight (SeFa; Shen and Zhou, 2021,
            Eq. 7).
        num: Number of directions.
        seed: Seed of the samples for the principal components.

    Returns:
        Unit vectors in order of importance, with shape (num, latent_dim). The largest entry of each is positive.

    Raises:
        UserError: If ``num`` exceeds the latent dimension, or the generator is not differentiable in its latent vector.
    """
    generator.check_smooth()
    latent_dim = generator.model.latent_dim
    if not 1 <= num <= latent_dim:
        raise UserError(f"the generator has 1 to {latent_dim} directions, not {num}")
    directions = (_principal if method == "principal" else _factorized)(generator, num, seed)
    units = directions / directions.norm(dim=1, keepdim=True)
    largest = units.gather(1, units.abs().argmax(1, keepdim=True))
    return units * largest.sign()


def _factorized(generator: TrainedGenerator, num: int, _seed: int) -> Tensor:
    first, _ = _first_layers(generator)
    assert isinstance(first, nn.Linear | nn.modules.conv._ConvNd)
    transposed = not isinstance(first, nn.Linear) and first.transposed
    weight = first.weight if transposed else first.weight.transpose(0, 1)  # (inputs, outputs, ...)
    z_weight = to_float64(weight[: generator.model.latent_dim].flatten(1))  # labels appended to z have later rows
    return torch.linalg.svd(z_weight.T, full_matrices=False).Vh[:num].to(weight)


def _principal(generator: TrainedGenerator, num: int, seed: int) -> Tensor:
    """Regress z on the scores of the principal components, one by one, since the scores are uncorrelated."""
    _, second = _first_layers(generator)
    z = generator.latents(NUM_SAMPLES, seed)
    labels = torch.arange(NUM_SAMPLES, device=z.device) % generator.num_classes
    with _record_inputs([second]) as calls:
        for z_batch, label_batch in zip(z.split(256), labels.split(256), strict=True):
            generator(z_batch, label_batch)
    features = torch.cat([inputs.flatten(1) for _, inputs in calls])
    features -= features.mean(0)
    decomposed = features.to(float64_device(features.device))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # for the random projection
        components = torch.pca_lowrank(decomposed, min(num + 10, *features.shape), center=False, niter=4)[2]
    scores = features @ components[:, :num].to(features)
    return scores.T @ (z - z.mean(0)) / scores.square().sum(0)[:, None]


def _first_layers(generator: TrainedGenerator) -> list[nn.Module]:
    """Find the first linear or convolutional layer with z as its input, and the one after it.

    Its input may have more columns than z, such as an embedded label, and z may be normalised, as by pixel norm.
    """
    with generator.model.inference_network(generator.use_ema) as network:
        layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.modules.conv._ConvNd)]
    z = generator.latents(2)
    with _record_inputs(layers) as calls:
        generator(z)
    columns = [inputs.flatten(1)[:, : z.shape[1]] for _, inputs in calls]
    receives_z = [x.shape == z.shape and torch.allclose(F.normalize(x), F.normalize(z), atol=1e-5) for x in columns]
    if True not in receives_z[:-1]:
        raise UserError(
            f"{generator.path}: no layer but the last has z as its input, so there are no directions to find"
        )
    first = receives_z.index(True)
    return [layer for layer, _ in calls[first : first + 2]]


@contextmanager
def _record_inputs(layers: Iterable[nn.Module]) -> Iterator[list[tuple[nn.Module, Tensor]]]:
    """Yield a list to which each call of one of the layers appends the layer and its input."""
    calls: list[tuple[nn.Module, Tensor]] = []
    hooks = [layer.register_forward_pre_hook(lambda layer, args: calls.append((layer, args[0]))) for layer in layers]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()
