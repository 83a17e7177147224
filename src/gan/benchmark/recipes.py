"""Hand-written training loops of StyleGAN2 and BigGAN for comparison, without other features."""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.benchmark.loops import first_rows, gradient, loop_setup
from gan.benchmark.workers import UpdateGate
from gan.images import from_uint8
from gan.instantiate import build

__all__ = ["RECIPES", "bare_biggan", "bare_stylegan2", "off_diagonal", "path_lengths"]

RECIPES = {"stylegan2-28": ["experiment=stylegan2_digits"], "biggan-28": ["experiment=biggan_digits"]}
"""Options of the cases."""


class Setup:
    """Networks, optimisers and data of a loop, with the precision and memory layout of our run.

    Args:
        options: Options of train.py.
    """

    def __init__(self, options: list[str]) -> None:
        self.config, self.device, data, half = loop_setup(options)
        self.generator, self.discriminator = (
            build(network).to(self.device, memory_format=torch.channels_last)
            for network in (self.config.model.generator, self.config.model.discriminator)
        )
        self.g_optimizer = build(self.config.optimizer.generator)(self.generator.parameters())
        self.d_optimizer = build(self.config.optimizer.discriminator)(self.discriminator.parameters())
        self.batch: int = self.config.data.batch_size
        self.rows = first_rows(data).map(lambda x: x.to(self.device))
        self.autocast = partial(torch.autocast, self.device.type, torch.bfloat16)
        self.half = half

    def draw(self) -> tuple[Tensor, Tensor]:
        """Draw real images and their classes."""
        chosen = torch.randint(self.rows.size, (self.batch,), device=self.device)
        return from_uint8(self.rows.real[chosen]), self.rows.labels[chosen]

    def normal(self, *shape: int) -> Tensor:
        """Draw from N(0, 1), with a row per image."""
        return torch.randn(self.batch, *shape, device=self.device)

    def logits(self, images: Tensor, labels: Tensor | None = None, half: bool = True) -> Tensor:
        """Return the discriminator's logits."""
        with self.autocast(enabled=half and self.half):
            logits: Tensor = self.discriminator(images, labels).logits
            return logits.float()


def bare_stylegan2(options: list[str], gate: UpdateGate) -> None:
    """Train a StyleGAN2 endlessly (Karras et al., 2020): lazy R1 and path length, style mixing."""
    setup = Setup(options)
    config, generator, discriminator = setup.config, setup.generator, setup.discriminator
    r1, length = config.loss.regularizers.r1, config.loss.generator_regularizers.path_length
    mean, step = torch.zeros((), device=setup.device), 0

    while True:
        gate()
        real, _ = setup.draw()
        penalised = step % r1.every == 0
        real.requires_grad_(penalised)
        with torch.no_grad(), setup.autocast(enabled=setup.half):
            fake = generator(setup.normal(config.model.latent_dim), None, _noise(setup)).images.float()
        of_real = setup.logits(real, half=not penalised)
        d_loss = F.softplus(-of_real).mean() + F.softplus(setup.logits(fake)).mean()
        if penalised:
            d_loss = d_loss + r1.every * r1.weight * gradient(of_real, real).square().sum(1).mean() / 2
        _step(setup.d_optimizer, d_loss)
        discriminator.requires_grad_(False)
        z, noise = setup.normal(config.model.latent_dim), _noise(setup)
        with setup.autocast(enabled=setup.half):
            fake = generator(z, None, noise).images.float()
        g_loss = F.softplus(-setup.logits(fake)).mean()
        if step % length.every == 0:
            some = {name: value[:: length.shrink] for name, value in noise.items()}
            output = generator(z[:: length.shrink].requires_grad_(), None, some)
            lengths = path_lengths(output.images, output.w)
            g_loss = g_loss + length.every * length.weight * (lengths - mean).square().mean()
            mean.lerp_(lengths.detach().mean(), 1 - length.decay)
        _step(setup.g_optimizer, g_loss)
        discriminator.requires_grad_(True)
        step += 1


def bare_biggan(options: list[str], gate: UpdateGate) -> None:
    """Train a BigGAN endlessly (Brock et al., 2019): hinge loss and orthogonal regularisation."""
    setup = Setup(options)
    generator, discriminator = setup.generator, setup.discriminator
    weight = setup.config.loss.generator_regularizers.orthogonality.weight
    matrices = [p for name, p in generator.named_parameters() if p.dim() > 1 and not name.startswith("label.")]

    def generate(labels: Tensor) -> Tensor:
        with setup.autocast(enabled=setup.half):
            images: Tensor = generator(setup.normal(setup.config.model.latent_dim), labels)
            return images.float()

    while True:
        gate()
        real, labels = setup.draw()
        with torch.no_grad():
            fake = generate(labels)
        d_loss = F.relu(1 - setup.logits(real, labels)).mean() + F.relu(1 + setup.logits(fake, labels)).mean()
        _step(setup.d_optimizer, d_loss)
        discriminator.requires_grad_(False)
        adversarial = -setup.logits(generate(labels), labels).mean()
        _step(setup.g_optimizer, adversarial + weight * off_diagonal(matrices))
        discriminator.requires_grad_(True)


def path_lengths(images: Tensor, w: Tensor) -> Tensor:
    """Return the path length of each image by its vectors w (Karras et al., 2020, Eq. 4), with shape (B,)."""
    projection = (images * torch.randn_like(images)).sum() / images[0, 0].numel() ** 0.5
    (by_w,) = torch.autograd.grad(projection, w, create_graph=True)
    return by_w.square().sum(2).mean(1).sqrt()


def off_diagonal(weights: list[nn.Parameter]) -> Tensor:
    """Return the squared inner products of different filters, summed over layers (Brock et al., 2019, Eq. 3)."""
    products = [weight.flatten(1) @ weight.flatten(1).T for weight in weights]
    return torch.stack([(product - product.diagonal().diag()).square().sum() for product in products]).sum()


def _noise(setup: Setup) -> dict[str, Tensor]:
    """Draw the noise of each layer, and a second z for some of the images."""
    synthesis = setup.generator.synthesis
    noise = {name: setup.normal(*shape) for name, shape in synthesis.noise_shapes.items()}
    crossover = torch.randint(1, synthesis.num_layers, (setup.batch,), device=setup.device)
    mixed = torch.rand(setup.batch, device=setup.device) < setup.config.model.style_mixing
    mixing = {"mixed_z": setup.normal(setup.config.model.latent_dim)}
    return noise | mixing | {"crossover": crossover.where(mixed, synthesis.num_layers)}


def _step(optimizer: Any, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
