"""Hand-written training loops for comparison: a minimal one, and one that is typical of public repositories."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from omegaconf import DictConfig
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision import transforms
from torchvision.datasets import ImageFolder

from gan.benchmark.graphs import captured
from gan.benchmark.workers import UpdateGate
from gan.config import compose_config
from gan.data.base import ImageDataModule
from gan.distributed.devices import device_of
from gan.distributed.environment import RankInfo
from gan.host import cache_cuda_absence, fast_precision, set_threads
from gan.images import from_uint8, save_png
from gan.instantiate import build
from gan.types import Batch

__all__ = ["ROWS", "LossFunctions", "bare_loop", "first_rows", "loop_setup", "ordinary_loop", "write_pngs"]

ROWS = 4000  # images that a loop trains on

Critic = Callable[[Tensor], Tensor]
Run = Literal["eager", "compiled", "graph"]


def gradient(logits: Tensor, x: Tensor) -> Tensor:
    """Return the gradient of each logit with respect to its image, with shape (B, C * H * W)."""
    return torch.autograd.grad(logits.sum(), x, create_graph=True)[0].flatten(1)


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, *_logits: Tensor) -> Tensor:
    """Gradient penalty of WGAN-GP (Gulrajani et al., 2017, Eq. 3)."""
    mix = torch.rand(len(real), 1, 1, 1, device=real.device)
    interpolated = torch.lerp(fake, real, mix).requires_grad_()
    return 10 * (gradient(critic(interpolated), interpolated).norm(dim=1) - 1).square().mean()


def r1_and_r2(_critic: Critic, real: Tensor, fake: Tensor, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """R1 and R2 penalties of R3GAN (Huang et al., 2024, Section 3), with γ = 1; the images must require gradients."""
    r1, r2 = (
        gradient(logits, x).square().sum(1).mean() / 2 for logits, x in ((real_logits, real), (fake_logits, fake))
    )
    return r1 + r2


class LossFunctions:
    """Hand-written loss.

    Args:
        loss: ``non_saturating``, ``wgan_gp`` or ``r3gan``.

    Attributes:
        discriminator: Discriminator loss of real and fake logits.
        generator: Generator loss of real and fake logits.
        penalty: Penalty of the discriminator; None for no penalty.
        critic_steps: Discriminator updates per generator update.
        pairs_real: Whether the generator loss uses real logits.
        differentiates_logits: Whether the penalty differentiates the logits of the loss.
    """

    def __init__(self, loss: str) -> None:
        self.discriminator, self.generator, self.penalty, self.critic_steps = {
            "non_saturating": (
                lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
                lambda _, fake: F.softplus(-fake).mean(),
                None,
                1,
            ),
            "wgan_gp": (
                lambda real, fake: fake.mean() - real.mean(),
                lambda _, fake: -fake.mean(),
                gradient_penalty,
                5,
            ),
            "r3gan": (
                lambda real, fake: F.softplus(fake - real).mean(),
                lambda real, fake: F.softplus(real - fake).mean(),
                r1_and_r2,
                1,
            ),
        }[loss]
        self.pairs_real = loss == "r3gan"
        self.differentiates_logits = self.penalty is r1_and_r2


def bare_loop(options: list[str], loss: str, gate: UpdateGate, run: Run = "eager", workers: int | None = None) -> None:
    """Train endlessly with this project's networks, optimisers, precision and memory layout, and no other features.

    Args:
        options: Options of train.py.
        loss: See LossFunctions.
        gate: Called before each update.
        run: Whether the networks are compiled, or an update is captured as a CUDA graph and replayed.
        workers: Processes that fetch batches; None for images that are held, and drawn, on the device.
    """
    config, device, data, half = loop_setup(options)
    losses, batch, latent_dim = LossFunctions(loss), config.data.batch_size, config.model.latent_dim
    generator, discriminator = (network.to(memory_format=torch.channels_last) for network in _networks(config, device))
    g_optimizer = build(config.optimizer.generator)(generator.parameters())
    d_optimizer = build(config.optimizer.discriminator)(discriminator.parameters())
    batches = _drawn(data, batch, device) if workers is None else _fetched(data, batch, device, workers)
    if run == "compiled":
        for network in (generator, discriminator):
            network.compile()

    def critic(x: Tensor) -> Tensor:
        return discriminator.forward(x).logits  # never compiled, since penalties differentiate it twice

    def generate() -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            return generator(torch.randn(batch, latent_dim, device=device)).float()

    def critic_autocast(x: Tensor) -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            return discriminator(x).logits.float()

    critic_of_loss = critic if losses.differentiates_logits else critic_autocast  # penalties are computed in float32

    def update() -> None:
        for _ in range(losses.critic_steps):
            real = from_uint8(next(batches))
            with torch.no_grad():
                fake = generate()
            for x in (real, fake):
                x.requires_grad_(losses.differentiates_logits)
            real_logits, fake_logits = map(critic_of_loss, (real, fake))
            d_loss = losses.discriminator(real_logits, fake_logits)
            if losses.penalty is not None:
                d_loss = d_loss + losses.penalty(critic, real, fake, real_logits, fake_logits)
            d_optimizer.zero_grad()
            d_loss.backward()
            d_optimizer.step()
        discriminator.requires_grad_(False)
        g_loss = losses.generator(
            critic_autocast(real.detach()) if losses.pairs_real else None, critic_autocast(generate())
        )
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        discriminator.requires_grad_(True)

    step = captured(update, [g_optimizer, d_optimizer]) if run == "graph" else update
    while True:
        gate()
        step()


def _drawn(data: ImageDataModule, batch: int, device: torch.device) -> Iterator[Tensor]:
    """Yield random batches of images that the device holds."""
    images = first_rows(data).real.to(device)
    while True:
        yield images[torch.randint(len(images), (batch,), device=device)]


def _fetched(data: ImageDataModule, batch: int, device: torch.device, workers: int) -> Iterator[Tensor]:
    """Yield random batches of images that processes fetch and copy to pinned memory."""
    settings: dict[str, Any] = {"num_workers": workers, "persistent_workers": workers > 0, "drop_last": True}
    settings |= {"shuffle": True, "pin_memory": device.type == "cuda"}
    loader = DataLoader(TensorDataset(first_rows(data).real), batch, **settings)
    while True:
        for (images,) in loader:
            yield images.to(device, non_blocking=True)


def ordinary_loop(options: list[str], loss: str, folder: Path, gate: UpdateGate) -> None:
    """Train endlessly as most public code does: float32, images decoded on access, losses read in every step."""
    config, device, data, _ = loop_setup(options)
    losses, batch, latent_dim = LossFunctions(loss), config.data.batch_size, config.model.latent_dim
    generator, discriminator = _networks(config, device)
    g_optimizer, d_optimizer = (
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (generator, discriminator)
    )
    transform = transforms.Compose(
        [
            transforms.Grayscale(data.channels),
            transforms.Resize(data.image_size),
            transforms.ToTensor(),
            transforms.Normalize([0.5] * data.channels, [0.5] * data.channels),
        ]
    )
    workers = 0 if device.type == "cpu" else 2  # on CPUs they would compete with the networks for cores
    loader = DataLoader(ImageFolder(folder, transform), batch, shuffle=True, num_workers=workers, drop_last=True)
    history, batches = list[float](), 0

    def critic(x: Tensor) -> Tensor:
        return discriminator(x).logits

    while True:
        for real, _ in loader:
            if batches % losses.critic_steps == 0:
                gate()
            batches += 1
            real = real.to(device).requires_grad_(losses.differentiates_logits)
            fake = (
                generator(torch.randn(batch, latent_dim, device=device))
                .detach()
                .requires_grad_(losses.differentiates_logits)
            )
            discriminator.zero_grad()
            real_logits, fake_logits = critic(real), critic(fake)
            d_loss = losses.discriminator(real_logits, fake_logits)
            if losses.penalty is not None:
                d_loss = d_loss + losses.penalty(critic, real, fake, real_logits, fake_logits)
            d_loss.backward()
            d_optimizer.step()
            history.append(d_loss.item())
            if batches % losses.critic_steps == 0:
                generator.zero_grad()
                g_loss = losses.generator(
                    critic(real.detach()) if losses.pairs_real else None,
                    critic(generator(torch.randn(batch, latent_dim, device=device))),
                )
                g_loss.backward()
                g_optimizer.step()
                history.append(g_loss.item())


def write_pngs(options: list[str], folder: Path, num: int = ROWS) -> None:
    """Write a data set's first images as PNGs, which ``ordinary_loop`` reads."""
    data = build(compose_config("train", options).data)
    for index, image in enumerate(first_rows(data, num).real):
        save_png(image, folder / "all" / f"{index}.png")


def loop_setup(options: list[str]) -> tuple[DictConfig, torch.device, ImageDataModule, bool]:
    """Return the configuration, device and data of a loop, and whether its networks compute in bfloat16."""
    set_threads()
    cache_cuda_absence()  # Lightning, which a hand-written loop would not import, slows this query down
    torch.manual_seed(0)
    config = compose_config("train", options)
    torch.backends.cudnn.benchmark = bool(config.trainer.benchmark)
    device, precision = device_of(config.trainer, RankInfo()), config.trainer.precision
    half = (fast_precision(device) if precision == "auto" else precision) == "bf16-mixed"
    return config, device, build(config.data), half


def _networks(config: DictConfig, device: torch.device) -> tuple[nn.Module, nn.Module]:
    return build(config.model.generator).to(device), build(config.model.discriminator).to(device)


def first_rows(data: ImageDataModule, num: int = ROWS) -> Batch:
    """Return the first training rows as stored."""
    dataset = data.split("train")
    return dataset.__getitems__(list(range(min(len(dataset), num))))
