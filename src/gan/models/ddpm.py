"""Denoising diffusion model (DDPM; Ho et al., 2020), sampled by DDIM (Song et al., 2021)."""

from collections.abc import Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from gan.bounds import Depth, Fraction, ImageShape
from gan.keyed_random import KeyedRandom
from gan.losses.denoising import Denoising
from gan.models.single_player import SinglePlayer
from gan.models.trainable import OptimizerFactory
from gan.types import Batch, Terms

__all__ = ["DDPM", "Generator", "signal_shares"]


class Generator(nn.Module):
    r"""Generator: DDIM's deterministic steps from noise to an image, each with a prediction of the noise.

    The forward process adds noise in T steps, :math:`x_t = \sqrt{\bar\alpha_t} x_0 + \sqrt{1 - \bar\alpha_t} \epsilon`
    (Ho et al., 2020, Eq. 4). Steps are counted from 0, so that the last is T - 1.

    Args:
        image_shape: (C, H, W).
        network: Predicts the noise from noisy images and their steps.
        noise_steps: Number T of steps of the forward process.
        first_variance: Variance β that the first step adds.
        last_variance: Variance that the last step adds; those between lie on a line.
        steps: Number of steps of sampling, which may differ from that in training.

    Raises:
        ValueError: If there are more steps of sampling than of noise.
    """

    signal: Tensor

    def __init__(
        self,
        image_shape: ImageShape,
        network: nn.Module,
        noise_steps: Depth = 1000,
        first_variance: Fraction = 1e-4,
        last_variance: Fraction = 0.02,
        steps: Depth = 25,
    ) -> None:
        super().__init__()
        if steps > noise_steps:
            raise ValueError(f"steps={steps} of sampling are more than noise_steps={noise_steps}: lower steps")
        self.image_shape = tuple(image_shape)
        self.network = network
        self.steps = steps
        self.register_buffer("signal", signal_shares(noise_steps, first_variance, last_variance), persistent=False)

    def add_noise(self, images: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Return images after some steps of the forward process (Ho et al., 2020, Eq. 4).

        Args:
            images: With shape (B, C, H, W).
            noise: From N(0, 1), with the same shape.
            steps: Number of each image's last step, int64, with shape (B,).
        """
        signal = self.signal[steps][:, None, None, None]
        return signal.sqrt() * images + (1 - signal).sqrt() * noise

    def sampling_steps(self) -> list[int]:
        """Return the steps of noise that sampling visits, evenly spaced, from the last one on."""
        total = len(self.signal)
        return [total * number // self.steps - 1 for number in range(self.steps, 0, -1)]

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, from N(0, 1) with shape (B, C * H * W), to images in [-1, 1], with shape (B, C, H, W).

        Each step estimates the image, clips it to [-1, 1], and adds the noise of the next step (Song et al., 2021,
        Eq. 12 with σ = 0). The direction of the noise is that from the clipped image.
        """
        x = z.unflatten(1, self.image_shape)
        visited = self.sampling_steps()
        for step, following in zip(visited, [*visited[1:], None], strict=True):
            signal = self.signal[step]
            predicted = self.network(x, torch.full((x.shape[0],), step, device=x.device)).float()
            image = ((x - (1 - signal).sqrt() * predicted) / signal.sqrt()).clamp(-1, 1)
            if following is None:
                return image
            noise = (x - signal.sqrt() * image) / (1 - signal).sqrt()
            signal = self.signal[following]
            x = signal.sqrt() * image + (1 - signal).sqrt() * noise
        raise AssertionError("there is at least one step")


class DDPM(SinglePlayer):
    """Denoising diffusion model: the network learns to predict the noise in images of every step.

    Args:
        generator: A Generator; its network is trained, and its ``forward`` only samples.
        objective: Loss of the predicted noise.
        optimizer: Functions from parameters to an optimiser, under ``generator``.
        **settings: See SinglePlayer.

    Raises:
        ValueError: If the objective is another loss, z is not normal, or has another length than an image.
    """

    generator: Generator

    def __init__(
        self,
        generator: Generator,
        objective: Denoising,
        optimizer: Mapping[str, OptimizerFactory],
        **settings: Any,
    ) -> None:
        super().__init__(generator, optimizer, **settings)
        if not isinstance(objective, Denoising):
            kind = type(objective).__name__
            raise ValueError(f"a DDPM needs its own loss, not {kind}: leave loss=... out, or set loss=denoising")
        if self.latent != "normal":
            raise ValueError(f"a DDPM starts from normal noise: model.latent={self.latent} does not fit")
        if self.latent_dim != (size := prod(generator.image_shape)):
            shown = " x ".join(map(str, generator.image_shape))
            raise ValueError(f"latent_dim={self.latent_dim} is not {shown}: set model.latent_dim={size}")
        self.objective = objective

    def players(self) -> dict[str, list[nn.Module]]:
        """Return the only player's network, which is called directly."""
        return {"generator": [self.generator.network]}

    def loss_terms(self, batch: Batch, rng: KeyedRandom) -> tuple[Terms, Terms]:
        """Return the loss for one step of noise per image, drawn uniformly (Ho et al., 2020, Algorithm 1)."""
        steps = (len(self.generator.signal) * rng.uniform()).long()
        noise = rng.normal(*self.generator.image_shape)
        noisy = self.generator.add_noise(batch.real, noise, steps)
        return self.objective(noise, self.generator.network(noisy, steps))


def signal_shares(noise_steps: int, first_variance: float, last_variance: float) -> Tensor:
    r"""Return the share of the variance that is still the image's after each step, with shape (noise_steps,).

    It is :math:`\bar\alpha_t = \prod_{s \le t} (1 - \beta_s)`, with β on a line (Ho et al., 2020, Section 4).
    """
    variances = torch.linspace(first_variance, last_variance, noise_steps, dtype=torch.float64)
    return (1 - variances).cumprod(0).float()
