"""Directions in latent space along which images change most, found without labels."""

from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.float64 import float64_device, to_float64
from gan.models.latent_space import SpaceW

__all__ = ["METHODS", "Method", "find_directions", "find_style_directions"]

Method = Literal["principal", "factorized"]
METHODS: tuple[Method, ...] = ("principal", "factorized")
NUM_SAMPLES = 4096  # samples for the principal components


def find_directions(generator: TrainedGenerator, method: Method, num: int = 8, seed: int = 0) -> Tensor:
    """Find the directions in the space of z that change images most.

    Where the first layer has only the first part of z as its input, as in BigGAN, the directions are in that part.

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
        UserError: If there are fewer directions than ``num``, or the generator is not differentiable in its latent
            vector.
    """
    generator.check_smooth()
    layers = _first_layers(generator)
    _check_number(num, layers.length)
    directions = _principal(generator, layers, num, seed) if method == "principal" else _factorized(layers)[:num]
    return F.pad(_orient(directions), (0, generator.model.latent_dim - layers.length))


def find_style_directions(space: SpaceW, method: Method, num: int = 8, seed: int = 0) -> Tensor:
    """Find the directions in W that change images most.

    Args:
        space: The space W of a model, and the layers that are to change.
        method: ``principal`` for principal components of w (GANSpace; Härkönen et al., 2020, Section 2.2), within
            classes if there are several; ``factorized`` for singular vectors of the stacked weights of the layers'
            affine functions (SeFa; Shen and Zhou, 2021, Section 3.3).
        num: Number of directions.
        seed: Seed of the samples for the principal components.

    Returns:
        Unit vectors in order of importance, with shape (num, D). The largest entry of each is positive.

    Raises:
        UserError: If there are fewer directions than ``num``.
    """
    matrix = space.differences(seed=seed) if method == "principal" else space.affine_weights()
    _check_number(num, min(matrix.shape))
    return _orient(_right_singular_vectors(matrix)[:num])


def _check_number(num: int, most: int) -> None:
    if not 1 <= num <= most:
        raise UserError(f"the generator has 1 to {most} directions, not {num}")


def _orient(directions: Tensor) -> Tensor:
    """Scale vectors to length one, with a positive largest entry."""
    units = directions / directions.norm(dim=1, keepdim=True)
    largest = units.gather(1, units.abs().argmax(1, keepdim=True))
    return units * largest.sign()


def _right_singular_vectors(matrix: Tensor) -> Tensor:
    return torch.linalg.svd(to_float64(matrix), full_matrices=False).Vh.to(matrix)


class _FirstLayers(NamedTuple):
    """The first layer with z, or the first part of it, as its input, the next that depends on it, and that length."""

    first: nn.Module
    second: nn.Module
    length: int


def _factorized(layers: _FirstLayers) -> Tensor:
    first = layers.first
    assert isinstance(first, nn.Linear | nn.modules.conv._ConvNd)
    transposed = not isinstance(first, nn.Linear) and first.transposed
    weight = first.weight if transposed else first.weight.transpose(0, 1)  # (inputs, outputs, ...)
    z_weight = weight[: layers.length].flatten(1)  # labels appended to z have later rows
    return _right_singular_vectors(z_weight.T)


def _principal(generator: TrainedGenerator, layers: _FirstLayers, num: int, seed: int) -> Tensor:
    """Regress z on the scores of the principal components, one by one, since the scores are uncorrelated."""
    z = generator.latents(NUM_SAMPLES, seed)
    labels = torch.arange(NUM_SAMPLES, device=z.device) % generator.num_classes
    features = torch.cat([inputs.flatten(1) for _, inputs in _layer_inputs(generator, z, labels, layers.second)])
    features -= features.mean(0)
    decomposed = features.to(float64_device(features.device))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # for the random projection
        components = torch.pca_lowrank(decomposed, min(num + 10, *features.shape), center=False, niter=4)[2]
    scores = features @ components[:, :num].to(features)
    part = z[:, : layers.length]
    return scores.T @ (part - part.mean(0)) / scores.square().sum(0)[:, None]


def _first_layers(generator: TrainedGenerator) -> _FirstLayers:
    """Find the first linear or convolutional layer with z as its input, and the next one that depends on it.

    Its input may have more columns than z, such as an embedded label, or fewer, and z may be normalised, as by pixel
    norm.

    Raises:
        UserError: If there are no such layers.
    """
    z = generator.latents(2)
    labels = torch.zeros(len(z), dtype=torch.long, device=z.device)
    calls = _layer_inputs(generator, z, labels)
    lengths = [_length_received(inputs, z) for _, inputs in calls]
    if any(lengths):
        number, length = next((number, length) for number, length in enumerate(lengths) if length)
        swapped = torch.cat([z.flip(0)[:, :length], z[:, length:]], 1)
        other_calls = _layer_inputs(generator, swapped, labels)
        for (layer, inputs), (_, others) in zip(calls[number + 1 :], other_calls[number + 1 :], strict=True):
            if not torch.equal(inputs, others):
                return _FirstLayers(calls[number][0], layer, length)
    raise UserError(f"{generator.path}: no layer but the last has z as its input, so there are no directions to find")


def _length_received(inputs: Tensor, z: Tensor) -> int:
    """Return how many entries of z a layer's input, which must be one vector per row, starts with."""
    columns = inputs.flatten(1)[:, : z.shape[1]]
    length = columns.shape[1]
    if length != min(inputs.shape[1], z.shape[1]) or length < 2:
        return 0
    same = torch.allclose(F.normalize(columns), F.normalize(z[:, :length]), atol=1e-5)
    return length if same else 0


def _layer_inputs(
    generator: TrainedGenerator, z: Tensor, labels: Tensor, only: nn.Module | None = None
) -> list[tuple[nn.Module, Tensor]]:
    """Generate from z, and return the linear and convolutional layers, or one layer, as called, with their inputs."""
    calls: list[tuple[nn.Module, Tensor]] = []
    with generator.model.inference_network(generator.use_ema) as network:
        kinds = nn.Linear | nn.modules.conv._ConvNd
        layers = [layer for layer in network.modules() if (isinstance(layer, kinds) if only is None else layer is only)]
        hooks = [layer.register_forward_pre_hook(lambda layer, x: calls.append((layer, x[0]))) for layer in layers]
        try:
            for part, classes in zip(z.split(256), labels.split(256), strict=True):
                generator.model.run_generator(network, generator.inputs(len(part))._replace(z=part, labels=classes))
        finally:
            for hook in hooks:
                hook.remove()
    return calls
