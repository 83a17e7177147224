"""Measurements of chapter 1: a table of two variables, discriminators on the line, and the whole game there."""

from collections.abc import Iterator
from math import log

import torch
from pandas import DataFrame
from torch import Tensor, nn

from gan.course.chapter import Tables
from gan.course.densities import LINE, Mixture, integrate, jensen_shannon, optimal_logit, value
from gan.data.mnist5k import MNIST5k
from gan.losses.adversarial import Minimax, NonSaturating
from gan.models.mlp_gan import Discriminator, Generator

__all__ = ["FAKE", "INK", "POINTS", "REAL", "measure", "play", "train_discriminator"]

REAL = Mixture((0.65, 0.35), (-0.6, 1.1), (0.6, 0.4))
FAKE = REAL.shifted(1.0)
SHIFTS = (0.0, 0.5, 1.0, 2.0, 4.0)
POINTS = (100, 1_000, 10_000)
SHAPE = (1, 1, 1)  # a point on the line as an image of one pixel
BATCH = 512
CLASSES, INK = (0, 1, 8), ("none", "some", "full")


def measure(short: bool) -> Tables:
    """Compute the tables: of two variables, of discriminators alone, and of the whole game."""
    seeds, steps = range(2 if short else 5), 200 if short else 2000
    return {
        "digits": count_digits(),
        **measure_value(seeds, steps),
        **measure_points(seeds, steps),
        **measure_game(seeds, 400 if short else 5000),
    }


def count_digits() -> DataFrame:
    """Count training digits by class and by the ink in the middle of the image."""
    data = MNIST5k(image_size=28, channels=1, num_classes=10, batch_size=64)
    rows = []
    for batch in data.batches("train", 4000):
        middle = batch.real[:, 0, 12:16, 12:16].float().mean((1, 2)) / 255
        ink = (middle > 0.25).long() + (middle > 0.75).long()
        for digit in CLASSES:
            counts = torch.bincount(ink[batch.labels == digit], minlength=3).tolist()
            rows.append({"digit": digit, **dict(zip(INK, counts, strict=True))})
    return DataFrame(rows)


def logits_on(discriminator: nn.Module, x: Tensor) -> Tensor:
    """Return a discriminator's logits at points, float64 with shape (N,)."""
    with torch.no_grad():
        return discriminator(x.float().view(-1, *SHAPE)).logits.double()


def choose(points: Tensor, rng: torch.Generator) -> Tensor:
    """Draw a batch of given points, with replacement."""
    return points[torch.randint(len(points), (BATCH,), generator=rng)]


def train_discriminator(
    real: Mixture, fake: Mixture, seed: int, steps: int, points: int | None = None
) -> tuple[Discriminator, tuple[Tensor, Tensor]]:
    """Train a discriminator between two fixed densities, at a learning rate that falls linearly to zero.

    Args:
        real: Density of the real points.
        fake: Density of the fake points.
        seed: Seed of the weights and the points.
        steps: Updates, of batches of 512 real and 512 fake points.
        points: Number of real and of fake points to train on; None for new ones in each step.

    Returns:
        The discriminator, and the real and fake points of the last step, or all that it was trained on.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    network, loss = Discriminator(SHAPE, width=64, depth=2), NonSaturating()
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    known = None if points is None else (real.sample(points, rng), fake.sample(points, rng))
    batches = known or (real.sample(BATCH, rng), fake.sample(BATCH, rng))
    for _ in range(steps):
        if known is None:
            batches = real.sample(BATCH, rng), fake.sample(BATCH, rng)
            chosen = batches
        else:
            chosen = (choose(known[0], rng), choose(known[1], rng))
        optimizer.zero_grad()
        loss.discriminator(*(network(x.view(-1, *SHAPE)).logits for x in chosen)).backward()
        optimizer.step()
        schedule.step()
    return network, batches


def measure_value(seeds: range, steps: int) -> Tables:
    """Train discriminators between two densities at several distances."""
    rows, lines = [], []
    x = torch.linspace(-3, 4, 71, dtype=torch.float64)
    for shift in SHIFTS:
        fake = REAL.shifted(shift)
        optimum = value(optimal_logit(REAL, fake, LINE), REAL, fake)
        for seed in seeds:
            network, _ = train_discriminator(REAL, fake, seed, steps)
            learned = logits_on(network, LINE)
            mixture = (REAL.density(LINE) + fake.density(LINE)) / 2
            rng = torch.Generator().manual_seed(1000 + seed)
            outputs = [logits_on(network, density.sample(4096, rng)) for density in (REAL, fake)]
            rows.append(
                {
                    "shift": shift,
                    "seed": seed,
                    "js": jensen_shannon(REAL, fake),
                    "optimal": optimum,
                    "learned": value(learned, REAL, fake),
                    "logged": float(Minimax().measures(*outputs)["value"]),
                    "d_error": integrate(
                        mixture * (learned.sigmoid() - optimal_logit(REAL, fake, LINE).sigmoid()).abs()
                    ),
                }
            )
            if fake == FAKE:
                columns = zip(x.tolist(), logits_on(network, x).tolist(), strict=True)
                lines += [{"seed": seed, "x": at, "logit": logit} for at, logit in columns]
    return {"value": DataFrame(rows), "line": DataFrame(lines)}


def measure_points(seeds: range, steps: int) -> Tables:
    """Train discriminators on few points, and compare their density ratio with the true one."""
    rows, lines = [], []
    x = torch.linspace(-3, 4, 36, dtype=torch.float64)
    true = optimal_logit(REAL, FAKE, LINE)
    mixture = (REAL.density(LINE) + FAKE.density(LINE)) / 2
    rare = mixture < 0.05
    for points in (*POINTS, None):
        for seed in seeds:
            network, batches = train_discriminator(REAL, FAKE, seed, steps, points)
            learned = logits_on(network, LINE)
            error = mixture * (learned - true).square()
            seen = Minimax().measures(*(logits_on(network, batch) for batch in batches))
            rows.append(
                {
                    "points": points or 0,
                    "seed": seed,
                    "js_on_training_points": float(seen["js"]),
                    "js": (value(learned, REAL, FAKE) + log(4)) / 2,
                    "error_common": (integrate(error * ~rare) / integrate(mixture * ~rare)) ** 0.5,
                    "error_rare": (integrate(error * rare) / integrate(mixture * rare)) ** 0.5,
                }
            )
            if points and seed < 3:
                columns = zip(x.tolist(), logits_on(network, x).tolist(), strict=True)
                lines += [{"points": points, "seed": seed, "x": at, "logit": logit} for at, logit in columns]
    return {"points": DataFrame(rows), "ratio": DataFrame(lines)}


def play(seed: int, steps: int, every: int) -> Iterator[tuple[int, Discriminator, Generator]]:
    """Train both players, one update each in turn, and yield them before the first step and every few steps.

    Args:
        seed: Seed of the weights and the points.
        steps: Updates of each player, of batches of 512.
        every: Updates between two yields.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    loss = NonSaturating()
    critic = Discriminator(SHAPE, width=64, depth=2)
    generator = Generator(SHAPE, latent_dim=1, width=64, depth=2, norm="none", output="linear")
    optimizers = [torch.optim.Adam(net.parameters(), lr=2e-3, betas=(0.5, 0.99)) for net in (critic, generator)]
    schedules = [torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps) for optimizer in optimizers]
    for step in range(steps + 1):
        if step % every == 0:
            yield step, critic, generator
        real = REAL.sample(BATCH, rng).view(-1, *SHAPE)
        fake = generator(torch.randn(BATCH, 1, generator=rng))
        optimizers[0].zero_grad()
        loss.discriminator(critic(real).logits, critic(fake.detach()).logits).backward()
        optimizers[0].step()
        optimizers[1].zero_grad()
        loss.generator(critic(generator(torch.randn(BATCH, 1, generator=rng))).logits).backward()
        optimizers[1].step()
        for schedule in schedules:
            schedule.step()


def histogram(points: Tensor) -> Tensor:
    """Return the density of points in 100 cells of [-4, 4]; points outside count in the outermost cells."""
    return torch.histc(points.clamp(-3.999, 3.999), 100, -4, 4).double() / len(points) / 0.08


def cell_js(points: Tensor) -> float:
    """Return the Jensen-Shannon divergence between the real density and points, over the cells of the histogram."""
    edges = torch.linspace(-4, 4, 8001, dtype=torch.float64)
    real = REAL.density((edges[1:] + edges[:-1]) / 2).view(100, 80).mean(1)
    fake, middle = histogram(points), (real + histogram(points)) / 2
    return float(sum(torch.xlogy(x, x / middle.clamp(min=1e-300)).sum() for x in (real, fake)) * 0.08 / 2)


def measure_game(seeds: range, steps: int) -> Tables:
    """Play the whole game, and follow its value, the divergence and the discriminator."""
    rows, pictures = [], []
    shown = {0: "start", steps // 40: "early", steps // 5: "later", steps: "end"}
    centers = torch.arange(-4, 4, 0.08, dtype=torch.float64) + 0.04
    for seed in seeds:
        for step, critic, generator in play(seed, steps, steps // 40):
            rng = torch.Generator().manual_seed(1000 + seed)
            real = REAL.sample(20_000, rng)
            with torch.no_grad():
                fake = generator(torch.randn(20_000, 1, generator=rng)).flatten()
            outputs = logits_on(critic, real), logits_on(critic, fake)
            rows.append(
                {
                    "seed": seed,
                    "step": step,
                    "value": float(Minimax().measures(*outputs)["value"]),
                    "js": cell_js(fake),
                    "from_half": float((torch.cat(outputs).sigmoid() - 0.5).abs().mean()),
                }
            )
            if seed == 0 and step in shown:
                columns = zip(
                    centers.tolist(), histogram(fake).tolist(), logits_on(critic, centers).tolist(), strict=True
                )
                pictures += [{"step": step, "x": x, "fake": density, "logit": logit} for x, density, logit in columns]
    return {"game": DataFrame(rows), "snapshots": DataFrame(pictures)}
