"""Projection of an image into StyleGAN2's space W+, by gradient descent (Karras et al., 2020, Appendix D)."""

from dataclasses import dataclass
from math import cos, pi

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.models.latent_space import SpaceW
from gan.models.stylegan2 import W
from gan.nn.pretrained.base import FeatureMaps, distance_of_maps
from gan.progress import progress_bar
from gan.types import GeneratorInput

__all__ = ["StyleProjection", "noise_autocorrelation", "project_to_styles"]

EXPLORATION, EXPLORED = 0.05, 0.75  # first noise of w, in its standard deviations, and share of the steps that have any
RAMP_UP, RAMP_DOWN = 0.05, 0.25  # shares of the steps
NOISE_WEIGHT = 1e5  # α of the paper
SMALLEST = 8  # height of noise maps that are not reduced further


@dataclass(frozen=True)
class StyleProjection:
    """Vectors w, one per layer, and noise that reproduce an image.

    Attributes:
        w: With shape (layers, D).
        inputs: Input of the generator with w and the noise, of one row.
        image: Generated image, in [-1, 1], with shape (C, H, W).
        distance: Root mean square difference between the images' pixels, in [0, 2].
        start: Image of the mean of w, with shape (C, H, W).
        start_distance: Distance of that image.
    """

    w: Tensor
    inputs: GeneratorInput
    image: Tensor
    distance: float
    start: Tensor
    start_distance: float


def project_to_styles(
    generator: TrainedGenerator,
    image: Tensor,
    network: FeatureMaps | None = None,
    steps: int = 1000,
    lr: float = 0.1,
    seed: int = 0,
) -> StyleProjection:
    """Find vectors w, one per layer, and noise for which a StyleGAN2 approximates an image.

    Adam starts at the mean of w, and from random noise. At first, normal noise is added to w. The layers' noise is
    normalised after each step, and a penalty of its autocorrelation keeps the image from being written into it. The
    paper has one w for all layers; one per layer is W+ (Abdal et al., 2019), which comes closer.

    Args:
        generator: A trained StyleGAN2.
        image: Target in [-1, 1], with shape (C, H, W).
        network: Network in whose features images are compared, beside the mean squared difference of their pixels;
            None for pixels alone.
        steps: Steps of the descent.
        lr: Highest learning rate.
        seed: Seed of all noise.

    Raises:
        UserError: If the model is no StyleGAN2.
    """
    space = SpaceW(generator.model, generator.use_ema)
    target = image.to(generator.device)[None]
    target_maps = [] if network is None else network(target)
    start = generator.inputs(1, seed=seed)
    mean = space.mean().expand(1, space.model.num_layers, -1)
    start = start._replace(noise={**(start.noise or {}), W: mean})
    free = {name: value.clone().requires_grad_() for name, value in (start.noise or {}).items()}
    noise = [value for name, value in free.items() if name != W]
    exploration = EXPLORATION * space.differences().square().sum(1).mean().sqrt()
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(list(free.values()), lr)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: learning_rate_factor(step / steps))
    for step in progress_bar(range(steps), steps, "Steps"):
        amount = exploration * max(0.0, 1 - step / steps / EXPLORED) ** 2
        shifted = free[W] + amount * torch.randn(mean.shape, generator=rng).to(mean)
        images = space.synthesize(free | {W: shifted})
        loss = (images - target).square().mean()
        if network is not None:
            loss = loss + distance_of_maps(network(images), target_maps).mean()
        for values in noise:
            loss = loss + NOISE_WEIGHT * noise_autocorrelation(values)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        normalize(noise)
    found = start._replace(noise={name: value.detach() for name, value in free.items()})
    with torch.no_grad():
        first, last = (generator.generate(inputs)[0] for inputs in (start, found))
    distances = [float((x - target[0]).square().mean().sqrt()) for x in (last, first)]
    return StyleProjection(free[W].detach()[0], found, last, distances[0], first, distances[1])


def learning_rate_factor(t: float) -> float:
    """Return the factor of the learning rate, which rises linearly and falls along a cosine.

    Args:
        t: Share of the steps that are taken.
    """
    fall = min(1.0, (1 - t) / RAMP_DOWN)
    return min(1.0, t / RAMP_UP) * (1 - cos(pi * fall)) / 2


def noise_autocorrelation(noise: Tensor) -> Tensor:
    r"""Return the penalty of a noise map's autocorrelation, at its resolution and at lower ones.

    .. math:: \Bigl(\frac{1}{r^2} \sum_{x,y} n(x, y) n(x - 1, y)\Bigr)^2
        + \Bigl(\frac{1}{r^2} \sum_{x,y} n(x, y) n(x, y - 1)\Bigr)^2

    summed over the map n and those that averages of 2x2 pixels make of it, which are doubled so that white noise keeps
    its variance, down to a height r of eight or less. Positions wrap around.

    Args:
        noise: With shape (1, 1, r, r), of mean 0 and variance 1.
    """
    penalty = noise.new_zeros(())
    while True:
        for dimension in (2, 3):
            penalty = penalty + (noise * noise.roll(1, dimension)).mean().square()
        if noise.shape[-1] <= SMALLEST:
            return penalty
        noise = 2 * F.avg_pool2d(noise, 2)


@torch.no_grad()
def normalize(noise: list[Tensor]) -> None:
    """Normalise noise maps, in place, to mean 0 and variance 1."""
    for values in noise:
        values -= values.mean()
        values /= values.square().mean().sqrt()
