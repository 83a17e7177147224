"""Hand-written training loops of pix2pix and CycleGAN for comparison, without other features."""

import random
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.benchmark.loops import first_rows, loop_setup
from gan.benchmark.workers import UpdateGate
from gan.images import from_uint8, save_png
from gan.instantiate import build
from gan.types import Batch

__all__ = ["NUM_PAIRS", "TRANSLATION", "ImagePool", "bare_cyclegan", "bare_pix2pix", "write_pairs"]

TRANSLATION = {
    "pix2pix-64": ["model=pix2pix", "data=pairs", "schedule=constant"],
    "cyclegan-64": ["model=cyclegan", "data=unpaired", "schedule=constant"],
}
"""Options of the cases; crops, flips and a schedule, which a bare loop lacks, are off."""

NUM_PAIRS = 256


def write_pairs(folder: Path, num: int = NUM_PAIRS) -> None:
    """Write pairs of striped images and their negatives, in folders that both models' data modules read."""
    generator = torch.Generator().manual_seed(0)
    for index in range(num):
        colours, place = torch.rand(2, 3, 1, 1, generator=generator), torch.arange(64) + index
        image = (255 * torch.where(place % 16 < 8, colours[0], colours[1])).byte().expand(3, 64, 64)
        for side, pixels in (("A", image), ("B", 255 - image)):
            for split in ("train", "test") if index < 2 else ("train",):
                save_png(pixels, folder / f"{split}{side}" / f"{index}.png")


def bare_pix2pix(options: list[str], gate: UpdateGate) -> None:
    """Train a pix2pix endlessly (Isola et al., 2017) with the networks, optimisers and precision of our run."""
    config, device, data, half = loop_setup(options)
    generator, discriminator = _on(device, config.model.generator, config.model.discriminator)
    g_optimizer = build(config.optimizer.generator)(generator.parameters())
    d_optimizer = build(config.optimizer.discriminator)(discriminator.parameters())
    rows, batch = first_rows(data), config.data.batch_size
    keep, weight = 1 - config.model.dropout, config.loss.generator_regularizers.l1.weight

    while True:
        gate()
        real, source = _draw(rows, batch, device)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            with torch.no_grad():
                fake = generator(None, None, source, _dropout(generator, batch, keep, device)).float()
            logits = [discriminator(x, condition=source).logits.float() for x in (real, fake)]
        d_loss = F.softplus(-logits[0]).mean() + F.softplus(logits[1]).mean()
        _step(d_optimizer, d_loss)
        discriminator.requires_grad_(False)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            fake = generator(None, None, source, _dropout(generator, batch, keep, device)).float()
            logit = discriminator(fake, condition=source).logits.float()
        _step(g_optimizer, F.softplus(-logit).mean() + weight * (fake - real).abs().mean())
        discriminator.requires_grad_(True)


def bare_cyclegan(options: list[str], gate: UpdateGate) -> None:
    """Train a CycleGAN endlessly (Zhu et al., 2017) with the networks, optimisers and precision of our run."""
    config, device, data, half = loop_setup(options)
    generator, d_target, d_source = _on(
        device, config.model.generator, config.model.discriminator, config.model.source_discriminator
    )
    a_to_b, b_to_a = generator.a_to_b, generator.b_to_a
    g_optimizer = build(config.optimizer.generator)(generator.parameters())
    d_optimizer = build(config.optimizer.discriminator)([*d_target.parameters(), *d_source.parameters()])
    pools = [ImagePool(config.model.replay.size) for _ in range(2)]
    rows, batch = first_rows(data), config.data.batch_size
    weights = config.loss.generator_regularizers

    while True:
        gate()
        real, source = _draw(rows, batch, device)
        d_loss = real.new_zeros(())
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            with torch.no_grad():
                fakes = [a_to_b(source).float(), b_to_a(real).float()]
            for network, shown, fake, pool in zip((d_target, d_source), (real, source), fakes, pools, strict=True):
                of_real, of_fake = (network(x).logits.float() for x in (shown, pool(fake)))
                d_loss = d_loss + ((of_real - 1).square().mean() + of_fake.square().mean()) / 2
        _step(d_optimizer, d_loss)
        for network in (d_target, d_source):
            network.requires_grad_(False)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            target, back = a_to_b(source).float(), b_to_a(real).float()
            logits = [d_target(target).logits.float(), d_source(back).logits.float()]
            cycle = (b_to_a(target) - source).abs().mean() + (a_to_b(back) - real).abs().mean()
            identity = (a_to_b(real) - real).abs().mean() + (b_to_a(source) - source).abs().mean()
        adversarial = torch.stack([(logit - 1).square().mean() / 2 for logit in logits]).sum()
        _step(g_optimizer, adversarial + weights.cycle.weight * cycle + weights.identity.weight * identity)
        for network in (d_target, d_source):
            network.requires_grad_(True)


class ImagePool:
    """Pool of earlier fakes, half of which replace new ones (Zhu et al., 2017, Section 4).

    Args:
        size: Number of fakes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def __call__(self, fakes: Tensor) -> Tensor:
        """Return as many fakes, with shape (B, C, H, W), some of them earlier ones."""
        shown = []
        for fake in fakes:
            if len(self.images) < self.size:
                self.images.append(fake)
            elif random.random() < 0.5:
                index = random.randrange(self.size)
                self.images[index], fake = fake, self.images[index]
            shown.append(fake)
        return torch.stack(shown)


def _draw(rows: Batch, number: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Draw real images and source images, both scaled."""
    chosen = torch.randint(rows.size, (number,))
    drawn = rows.map(lambda x: x[chosen].to(device))
    assert isinstance(drawn.condition, Tensor)
    return from_uint8(drawn.real), from_uint8(drawn.condition)


def _on(device: torch.device, *configs: Any) -> list[Any]:
    return [build(config).to(device, memory_format=torch.channels_last) for config in configs]


def _dropout(generator: nn.Module, batch: int, keep: float, device: torch.device) -> dict[str, Tensor]:
    shapes: Any = generator.dropout_shapes
    return {name: (torch.rand(batch, *shape, device=device) < keep).float() / keep for name, shape in shapes.items()}


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
