"""Small game in which minimax and maximin can be computed: D gives each of three points a logit, G a probability."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

import torch
from pandas import DataFrame
from torch import Tensor
from torch.nn.functional import logsigmoid

from gan.course.chapter import Tables

__all__ = [
    "DATA",
    "PLAYS",
    "Play",
    "best_value",
    "divergence",
    "maximin",
    "measure",
    "minimax",
    "simplex",
    "trajectory",
    "value",
]

DATA = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)  # probabilities of the three points under the data
D_RATE = 0.5  # of D's steps, and of those that G looks ahead
GRID = 40  # choices per dimension, for the values of both orders: multiples of 1 / 40
SHOWN = 60  # rounds in the figure


def value(logits: Tensor, q: Tensor) -> Tensor:
    """Return V(D, G) = E_p log D + E_q log(1 - D), with shape (...).

    Args:
        logits: D's logits of the points, with shape (..., 3).
        q: G's probabilities of the points, with shape (..., 3).
    """
    return (DATA * logsigmoid(logits) + q * logsigmoid(-logits)).sum(-1)


def best_value(q: Tensor) -> Tensor:
    """Return max over D of V(D, G), which D = p / (p + q) attains: -log 4 + 2 JSD(p, q)."""
    both = DATA + q
    return (torch.xlogy(DATA, DATA / both) + torch.xlogy(q, q / both)).sum(-1)


def simplex(steps: int) -> Tensor:
    """Return the probabilities of three points that are multiples of 1 / steps, with shape (N, 3)."""
    rows = [(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]
    return torch.tensor(rows, dtype=torch.float64) / steps


def minimax(choices: Tensor) -> tuple[float, Tensor]:
    """Return min over G of max over D of V, and the G that attains it.

    Args:
        choices: The probabilities that G may choose from, with shape (N, 3).
    """
    values = best_value(choices)
    best = int(values.argmin())
    return float(values[best]), choices[best]


def maximin(choices: Tensor, steps: int) -> tuple[float, Tensor]:
    """Return max over D of min over G of V, and the D that attains it.

    Args:
        choices: The probabilities that G may choose from, with shape (N, 3).
        steps: D's choices are the multiples of 1 / steps between 0 and 1, at each point.
    """
    axis = torch.arange(1, steps, dtype=torch.float64) / steps
    d = torch.cartesian_prod(axis, axis, axis)
    values = (d.log() @ DATA) + ((1 - d).log() @ choices.T).amin(1)
    best = int(values.argmax())
    return float(values[best]), d[best]


@dataclass(frozen=True)
class Play:
    """A way to play the game by gradient steps.

    D's steps have a fixed rate. G's are exponentiated gradients (Kivinen and Warmuth, 1997), which do not fade at the
    corners of the simplex.

    Attributes:
        d_steps: Steps of D per round.
        g_steps: Steps of G per round.
        g_rate: Learning rate of G.
        look_ahead: Steps of D through which G's loss looks ahead.
    """

    d_steps: int = 1
    g_steps: int = 1
    g_rate: float = 0.5
    look_ahead: int = 0


PLAYS = {
    "D far ahead": Play(d_steps=20),
    "in turn": Play(),
    "G far ahead": Play(g_steps=100, g_rate=5),
    "G far ahead, looking ahead": Play(g_steps=100, g_rate=5, look_ahead=1),
}


def trajectory(play: Play, start: Tensor, rounds: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield D's logits and G's probabilities at the start and after each round, both with shape (B, 3).

    D's logits move up the gradient of V by them, and the logits of G's probabilities down its gradient by q.

    Args:
        play: How it is played.
        start: The first logits of G's probabilities, with shape (B, 3); D starts at 1/2.
        rounds: Rounds to play.
    """
    w, theta = torch.zeros_like(start), start.clone()
    yield w, theta.softmax(-1)
    for _ in range(rounds):
        for _ in range(play.d_steps):
            w = w + D_RATE * ascent(w, theta.softmax(-1))
        for _ in range(play.g_steps):
            q = theta.softmax(-1).requires_grad_()
            (gradient,) = torch.autograd.grad(looking_ahead(w, q, play.look_ahead).sum(), q)
            theta = theta - play.g_rate * gradient
        yield w, theta.softmax(-1)


def ascent(w: Tensor, q: Tensor) -> Tensor:
    """Return the gradient of V by D's logits: p (1 - D) - q D."""
    d = w.sigmoid()
    return DATA * (1 - d) - q * d


def looking_ahead(w: Tensor, q: Tensor, steps: int) -> Tensor:
    """Return V at the D of some steps later, as a function of G (Metz et al., 2017, Eq. 9)."""
    for _ in range(steps):
        w = w + D_RATE * ascent(w, q)
    return value(w, q)


def divergence(q: Tensor) -> Tensor:
    """Return the Jensen-Shannon divergence of p and q, in nats."""
    return (best_value(q) + log(4)) / 2


def measure(seeds: int, rounds: int) -> Tables:
    """Compute the values of both orders, and play the game.

    Args:
        seeds: First points of G, for each way to play.
        rounds: Rounds of each play; the second half is summarised.

    Returns:
        The values of both orders, what each play comes to, and the beginning of its path from the first seed.
    """
    values, plays, paths = [], [], []
    for kind, choices in {"a distribution": simplex(GRID), "one point": torch.eye(3, dtype=torch.float64)}.items():
        for order, (result, best) in {"min max": minimax(choices), "max min": maximin(choices, GRID)}.items():
            row = {"order": order, "g_plays": kind, "value": result}
            values.append(row | dict(zip(("first", "second", "third"), best.tolist(), strict=True)))
    starts = torch.randn(seeds, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for name, play in PLAYS.items():
        logits, q = map(torch.stack, zip(*trajectory(play, starts, rounds), strict=True))
        late = slice(rounds // 2 + 1, None)
        columns = {
            "distance": total_variation(q[late]).mean(0),
            "distance_of_mean": total_variation(q[late].mean(0)),
            "largest": q[late].amax(-1).mean(0),
            "d_error": (logits[late].sigmoid() - 0.5).abs().mean((0, 2)),
        }
        plays += [
            {"play": name, "seed": seed} | {column: float(of_seed[seed]) for column, of_seed in columns.items()}
            for seed in range(seeds)
        ]
        paths += [
            {"play": name, "round": at} | dict(zip(("first", "second", "third"), point, strict=True))
            for at, point in enumerate(q[: SHOWN + 1, 0].tolist())
        ]
    return {"orders": DataFrame(values), "plays": DataFrame(plays), "paths": DataFrame(paths)}


def total_variation(q: Tensor) -> Tensor:
    """Return the total variation distance of p and q."""
    return (q - DATA).abs().sum(-1) / 2
