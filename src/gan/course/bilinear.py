"""Bilinear game min over x, max over y of x*y, as gradient methods and the optimisers of ``conf/optimizer`` play it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from math import cos, hypot, sin, sqrt, tau

import numpy as np
import torch
from omegaconf import DictConfig
from torch import nn
from torch.optim import Optimizer

from gan.config import compose_config
from gan.instantiate import build
from gan.resolvers import register_resolvers

__all__ = ["AVERAGE", "METHODS", "RATE", "Method", "Point", "alternating_factor", "averages", "play", "start"]

RATE = 0.1  # η, the learning rate of all methods
AVERAGE = 0.99  # decay of the moving average of points

Point = tuple[float, float]


@dataclass(frozen=True)
class Method:
    """A way to play the game.

    Attributes:
        points: Yields the points that it visits from a first one on.
        factor: Factor of the distance from the equilibrium per step; None if there is no closed form.
    """

    points: Callable[[Point], Iterator[Point]]
    factor: float | None = None


def gradients(x: float, y: float) -> Point:
    """Return the gradients that the players descend: of x*y by x, and of -x*y by y."""
    return y, -x


def simultaneous(point: Point, rate: float = RATE) -> Iterator[Point]:
    """Yield the points of simultaneous gradient descent: both players move from the same point."""
    x, y = point
    while True:
        yield x, y
        along_x, along_y = gradients(x, y)
        x, y = x - rate * along_x, y - rate * along_y


def extragradient(point: Point, rate: float = RATE) -> Iterator[Point]:
    """Yield the points of the extragradient method, which uses the gradients at the point that a step would reach."""
    x, y = point
    while True:
        yield x, y
        along_x, along_y = gradients(x, y)
        along_x, along_y = gradients(x - rate * along_x, y - rate * along_y)
        x, y = x - rate * along_x, y - rate * along_y


def optimistic(point: Point, rate: float = RATE) -> Iterator[Point]:
    """Yield the points of optimistic gradient descent: twice these gradients, less the previous ones."""
    x, y = point
    before_x, before_y = gradients(x, y)
    while True:
        yield x, y
        along_x, along_y = gradients(x, y)
        x, y = x - rate * (2 * along_x - before_x), y - rate * (2 * along_y - before_y)
        before_x, before_y = along_x, along_y


def heavy_ball(point: Point, momentum: float, rate: float = RATE) -> Iterator[Point]:
    """Yield the points of alternating descent with momentum, which may be negative; torch's SGD refuses that."""
    (x, y), (velocity_x, velocity_y) = point, (0.0, 0.0)
    while True:
        yield x, y
        velocity_y = momentum * velocity_y - rate * gradients(x, y)[1]
        y += velocity_y
        velocity_x = momentum * velocity_x - rate * gradients(x, y)[0]
        x += velocity_x


def alternating(point: Point, choice: str, *options: str) -> Iterator[Point]:
    """Yield the points of optimisers of ``conf/optimizer``, which step in turn: y, as D does, and then x, as G.

    Args:
        point: The first point.
        choice: Name of the optimiser.
        *options: Further options.
    """
    register_resolvers()
    config = compose_config("train", [f"optimizer={choice}", *options]).optimizer
    x, y = (nn.Parameter(torch.tensor(value, dtype=torch.float64)) for value in point)
    of_x, of_y = _optimizer(config.generator, x), _optimizer(config.discriminator, y)
    while True:
        yield x.item(), y.item()
        y.grad = -x.detach().clone()
        of_y.step()
        x.grad = y.detach().clone()
        of_x.step()


def _optimizer(config: DictConfig, parameter: nn.Parameter) -> Optimizer:
    optimizer: Optimizer = build(config)([parameter])
    return optimizer


def _chosen(choice: str, factor: float | None = None, **settings: float) -> Method:
    """Return a method that is an optimiser of ``conf/optimizer`` with the same settings for both players."""
    options = [
        f"optimizer.{who}.{key}={value}" for who in ("discriminator", "generator") for key, value in settings.items()
    ]
    return Method(lambda point: alternating(point, choice, *options), factor)


def alternating_factor(momentum: float, rate: float) -> float:
    """Return the factor of the distance per alternating step with momentum (Gidel et al., 2019, Section 4).

    It is the largest absolute value of the roots of (λ - 1)²(λ - β)² + η²λ³.
    """
    polynomial = np.polymul(np.poly([1, 1]), np.poly([momentum, momentum])) + np.array([0, rate**2, 0, 0, 0])
    return float(np.abs(np.roots(polynomial)).max())


TWO_RATES = [f"optimizer.discriminator.lr={2 * RATE}", f"optimizer.generator.lr={RATE / 2}"]

METHODS = {
    "SGD, simultaneous": Method(simultaneous, sqrt(1 + RATE**2)),
    "SGD": _chosen("sgd_plain", 1.0, lr=RATE),
    "SGD, two rates": Method(lambda point: alternating(point, "sgd_plain", *TWO_RATES), 1.0),
    "SGD, weight decay 0.1": _chosen("sgd_plain", 1 - 0.1 * RATE, lr=RATE, weight_decay=0.1),
    "momentum 0.5": _chosen("sgd", alternating_factor(0.5, RATE / 2), lr=RATE / 2),
    "momentum 0.9": _chosen("sgd_momentum", alternating_factor(0.9, RATE / 10), lr=RATE / 10),
    "RMSprop": _chosen("rmsprop", lr=RATE),
    "Adam, β₁ = 0.9": _chosen("adam_momentum", lr=RATE),
    "Adam, β₁ = 0.5": _chosen("adam", lr=RATE),
    "Adam, β₁ = 0": _chosen("adam_no_momentum", lr=RATE),
    "momentum -0.5": Method(partial(heavy_ball, momentum=-0.5), alternating_factor(-0.5, RATE)),
    "extragradient": Method(extragradient, sqrt((1 - RATE**2) ** 2 + RATE**2)),
    "optimistic": Method(optimistic, sqrt((1 + sqrt(1 - 4 * RATE**2)) ** 2 + 4 * RATE**2) / 2),
}


def start(seed: int) -> Point:
    """Return a point at distance one from the equilibrium, at a random angle."""
    angle = tau * torch.rand((), generator=torch.Generator().manual_seed(seed), dtype=torch.float64).item()
    return cos(angle), sin(angle)


def play(method: Method, seed: int, steps: int) -> list[Point]:
    """Return the points of a game, the first one included."""
    return list(islice(method.points(start(seed)), steps + 1))


def averages(points: list[Point], decay: float = AVERAGE) -> list[float]:
    """Return the distances from the equilibrium of the moving average of points, as of a generator's weights."""
    (x, y), distances = points[0], []
    for new_x, new_y in points:
        x, y = decay * x + (1 - decay) * new_x, decay * y + (1 - decay) * new_y
        distances.append(hypot(x, y))
    return distances
