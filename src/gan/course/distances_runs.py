"""Measurements of chapter 5: critics between two parallel lines."""

from math import log

import torch
from pandas import DataFrame
from torch import Tensor

from gan.course.chapter import Tables
from gan.losses.adversarial import NonSaturating, Wasserstein
from gan.losses.constraints import WeightClip
from gan.losses.regularizers import norm_penalty
from gan.models.mlp_gan import Discriminator

__all__ = ["CRITICS", "DISTANCES", "draw_lines", "measure"]

SHAPE = (1, 1, 2)  # a point of the plane as an image of two pixels
BATCH = 128
DISTANCES = (0.0, 0.25, 0.5, 1.0, 2.0)
CRITICS = ("jsd", "kl", "penalty", "clip 0.01", "clip 0.1")
HEIGHT = 0.5  # at which the critic's surface is shown


def measure(short: bool) -> Tables:
    """Train critics between two lines, and read their estimates, surfaces and gradient norms."""
    estimates, surfaces = [], []
    for name in CRITICS:
        for distance in DISTANCES:
            for seed in range(2 if short else 3):
                critic, trace = train(name, distance, seed, 60 if short else 600)
                real, fake = draw_lines(distance, 2048, torch.Generator().manual_seed(1000 + seed))
                norms = gradient_norms(critic, (real + fake) / 2)
                row = {"critic": name, "distance": distance, "seed": seed, "half": trace}
                row |= {"estimate": estimate(name, critic, real, fake)}
                estimates.append(row | {"norm": float(norms.mean()), "norm_std": float(norms.std())})
                if distance == 1.0:
                    x = torch.linspace(-1, 2, 61)
                    points = torch.stack([x, torch.full_like(x, HEIGHT)], 1)
                    with torch.no_grad():
                        logits = critic(points.view(-1, *SHAPE)).logits.flatten()
                    lines = zip(x.tolist(), logits.tolist(), gradient_norms(critic, points).tolist(), strict=True)
                    if seed == 0:
                        surfaces += [{"critic": name, "x": at, "logit": y, "norm": norm} for at, y, norm in lines]
    return {"estimates": DataFrame(estimates), "surface": DataFrame(surfaces)}


def draw_lines(distance: float, num: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw points of a vertical line of length one at 0, real, and of one at a distance, fake; each (num, 2)."""
    heights = torch.rand(2, num, generator=rng)
    return (
        torch.stack([torch.zeros(num), heights[0]], 1),
        torch.stack([torch.full((num,), distance), heights[1]], 1),
    )


def train(name: str, distance: float, seed: int, steps: int) -> tuple[Discriminator, float]:
    """Train a critic; return it, and its estimate after half of the steps."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    critic = Discriminator(SHAPE, width=64, depth=2)
    clip = WeightClip(float(name.split()[1])) if name.startswith("clip") else None
    optimizer = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))
    half = 0.0
    for step in range(steps):
        real, fake = draw_lines(distance, BATCH, rng)
        outputs = logits(critic, real), logits(critic, fake)
        if name == "jsd":
            loss = NonSaturating().discriminator(*outputs)
        elif name == "kl":
            loss = -donsker_varadhan(*outputs)
        else:
            loss = Wasserstein().discriminator(*outputs)
        if name == "penalty":
            mixed = torch.lerp(fake, real, torch.rand(BATCH, 1, generator=rng))
            loss = loss + 10 * norm_penalty(gradients(critic, mixed), 1.0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if clip is not None:
            clip(critic)
        if step + 1 == steps // 2:
            half = estimate(name, critic, *draw_lines(distance, 2048, torch.Generator().manual_seed(2000 + seed)))
    return critic, half


def logits(critic: Discriminator, points: Tensor) -> Tensor:
    """Return the critic's logits at points of the plane."""
    return critic(points.view(-1, *SHAPE)).logits.flatten()


def donsker_varadhan(real: Tensor, fake: Tensor) -> Tensor:
    """Return the lower bound E_r[T] - log E_g[exp T] of KL(p_r || p_g) (Donsker and Varadhan, 1983)."""
    return real.mean() - (fake.logsumexp(0) - log(len(fake)))


@torch.no_grad()
def estimate(name: str, critic: Discriminator, real: Tensor, fake: Tensor) -> float:
    """Return what a critic says of the distance, from new points; JSD and KL in nats."""
    outputs = logits(critic, real), logits(critic, fake)
    if name == "jsd":
        return (log(4) - float(NonSaturating().discriminator(*outputs))) / 2
    if name == "kl":
        return float(donsker_varadhan(*outputs))
    return float(Wasserstein().measures(*outputs)["wasserstein"])


def gradients(critic: Discriminator, points: Tensor) -> Tensor:
    """Return the gradient of the critic at points, differentiable, with shape (N, 2)."""
    points = points.clone().requires_grad_()
    return torch.autograd.grad(logits(critic, points).sum(), points, create_graph=True)[0]


def gradient_norms(critic: Discriminator, points: Tensor) -> Tensor:
    """Return the norm of the critic's gradient at points."""
    return gradients(critic, points).norm(dim=1).detach()
