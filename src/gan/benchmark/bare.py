"""The shortest loop that one would write by hand for the same game, and the loop of most repositories."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from omegaconf import DictConfig
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from gan.benchmark.turns import Gate
from gan.config import compose_config
from gan.data.base import ImageDataModule
from gan.distributed.devices import device_of
from gan.distributed.environment import RankInfo
from gan.host import cache_cuda_absence, fast_precision, set_threads
from gan.images import save_png
from gan.instantiate import build

__all__ = ["bare", "ordinary", "write_pngs"]

Critic = Callable[[Tensor], Tensor]


def gradient(logits: Tensor, x: Tensor) -> Tensor:
    """Return the gradient of each image's logit by the image, with shape (B, C * H * W)."""
    return torch.autograd.grad(logits.sum(), x, create_graph=True)[0].flatten(1)


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, *_verdicts: Tensor) -> Tensor:
    """WGAN-GP's (Gulrajani et al., 2017, Eq. 3)."""
    mix = torch.rand(len(real), 1, 1, 1, device=real.device)
    between = torch.lerp(fake, real, mix).requires_grad_()
    return 10 * (gradient(critic(between), between).norm(dim=1) - 1).square().mean()


def r1_and_r2(_critic: Critic, real: Tensor, fake: Tensor, real_output: Tensor, fake_output: Tensor) -> Tensor:
    """R3GAN's (Huang et al., 2024, Section 3), with γ = 1, of verdicts on images that require a gradient."""
    r1, r2 = (
        gradient(logits, x).square().sum(1).mean() / 2 for logits, x in ((real_output, real), (fake_output, fake))
    )
    return r1 + r2


class Game:
    """A loss by hand: D's and G's from logits, D's penalty, whether that is of verdicts, D's steps for one of G's."""

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
        self.pairs = loss == "r3gan"
        self.of_verdicts = self.penalty is r1_and_r2


def bare(options: list[str], loss: str, gate: Gate) -> None:
    """Play without end: this project's networks, optimisers, precision and layout, and nothing else of it."""
    config, device, data = _ready(options)
    chosen = config.trainer.precision
    half = (fast_precision(device) if chosen == "auto" else chosen) == "bf16-mixed"
    game, batch, latent = Game(loss), config.data.batch_size, config.model.latent_dim
    generator, discriminator = (network.to(memory_format=torch.channels_last) for network in _networks(config, device))
    g_optimizer = build(config.optimizer.generator)(generator.parameters())
    d_optimizer = build(config.optimizer.discriminator)(discriminator.parameters())
    images = _images(data).to(device)

    def critic(x: Tensor) -> Tensor:
        return discriminator(x).logits

    def generate() -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            return generator(torch.randn(batch, latent, device=device)).float()

    def judge(x: Tensor) -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            return critic(x).float()

    while True:
        gate()
        for _ in range(game.critic_steps):
            real = images[torch.randint(len(images), (batch,), device=device)].float().div_(127.5).sub_(1)
            with torch.no_grad():
                fake = generate()
            for x in (real, fake):
                x.requires_grad_(game.of_verdicts)
            real_output, fake_output = map(
                critic if game.of_verdicts else judge, (real, fake)
            )  # penalties are in float32
            d_loss = game.discriminator(real_output, fake_output)
            if game.penalty is not None:
                d_loss = d_loss + game.penalty(critic, real, fake, real_output, fake_output)
            d_optimizer.zero_grad()
            d_loss.backward()
            d_optimizer.step()
        discriminator.requires_grad_(False)
        g_loss = game.generator(judge(real.detach()) if game.pairs else None, judge(generate()))
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        discriminator.requires_grad_(True)


def ordinary(options: list[str], loss: str, folder: Path, gate: Gate) -> None:
    """Play as most repositories do: float32, images decoded as they come, each loss read at each step."""
    config, device, data = _ready(options)
    game, batch, latent = Game(loss), config.data.batch_size, config.model.latent_dim
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
    workers = 0 if device.type == "cpu" else 2  # on CPUs they would take the cores that the networks compute on
    loader = DataLoader(ImageFolder(folder, transform), batch, shuffle=True, num_workers=workers, drop_last=True)
    read, batches = list[float](), 0

    def critic(x: Tensor) -> Tensor:
        return discriminator(x).logits

    while True:
        for real, _ in loader:
            if batches % game.critic_steps == 0:
                gate()
            batches += 1
            real = real.to(device).requires_grad_(game.of_verdicts)
            fake = generator(torch.randn(batch, latent, device=device)).detach().requires_grad_(game.of_verdicts)
            discriminator.zero_grad()
            real_output, fake_output = critic(real), critic(fake)
            d_loss = game.discriminator(real_output, fake_output)
            if game.penalty is not None:
                d_loss = d_loss + game.penalty(critic, real, fake, real_output, fake_output)
            d_loss.backward()
            d_optimizer.step()
            read.append(d_loss.item())
            if batches % game.critic_steps == 0:
                generator.zero_grad()
                g_loss = game.generator(
                    critic(real.detach()) if game.pairs else None,
                    critic(generator(torch.randn(batch, latent, device=device))),
                )
                g_loss.backward()
                g_optimizer.step()
                read.append(g_loss.item())


def write_pngs(options: list[str], folder: Path) -> None:
    """Write a data set's images for ``ordinary`` to read."""
    data = build(compose_config("train", options).data)
    for number, image in enumerate(_images(data)):
        save_png(image, folder / "all" / f"{number}.png")


def _ready(options: list[str]) -> tuple[DictConfig, torch.device, ImageDataModule]:
    set_threads()
    cache_cuda_absence()  # this package has imported Lightning; a loop by hand would not have
    torch.manual_seed(0)
    config = compose_config("train", options)
    return config, device_of(config.trainer, RankInfo()), build(config.data)


def _networks(config: DictConfig, device: torch.device) -> tuple[nn.Module, nn.Module]:
    return build(config.model.generator).to(device), build(config.model.discriminator).to(device)


def _images(data: ImageDataModule) -> Tensor:
    dataset: Any = data.split("train")
    return dataset.__getitems__(list(range(min(len(dataset), 4000)))).images
