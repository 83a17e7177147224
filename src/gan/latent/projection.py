"""Projection of an image into latent space, by gradient descent on the latent vector."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.progress import progress_bar

__all__ = ["Projection", "project"]

NUM_CANDIDATES = 2048  # samples among which descent starts from the nearest


@dataclass(frozen=True)
class Projection:
    """Latent vector that reproduces an image best.

    Attributes:
        z: Latent vector, with shape (latent_dim,).
        label: Class of the image; 0 for an unconditional generator.
        image: Generated image, in [-1, 1], with shape (C, H, W).
        distance: Root mean square difference between the images' pixels, in [0, 2].
        start: Sample nearest to the image, with shape (C, H, W).
        start_distance: Distance of that sample.
    """

    z: Tensor
    label: int
    image: Tensor
    distance: float
    start: Tensor
    start_distance: float


def project(
    generator: TrainedGenerator, image: Tensor, steps: int = 300, starts: int = 8, lr: float = 0.05, seed: int = 0
) -> Projection:
    """Find a latent vector for which the generator approximates an image.

    Adam starts from the samples nearest to the image, each with its class. Latent vectors stay where they are drawn
    from: normal ones on the sphere of radius √latent_dim (Menon et al., 2020, Section 3.2), uniform ones in the cube.

    Args:
        generator: The generator.
        image: Target in [-1, 1], with shape (C, H, W).
        steps: Steps of each descent.
        starts: Number of descents, run as one batch.
        lr: Initial learning rate of Adam, annealed to zero by a cosine schedule.
        seed: Seed of the samples.

    Raises:
        UserError: If the generator is not differentiable in its latent vector.
    """
    generator.check_smooth()
    target = image.to(generator.device)[None]
    samples = list(generator.batches(range(NUM_CANDIDATES), seed=seed))
    sample_distances = torch.cat([_distance(batch.images, target) for batch in samples])
    order = sample_distances.argsort()[:starts]
    labels = torch.cat([batch.labels for batch in samples])[order]
    nearest_sample = torch.cat([batch.images for batch in samples])[order[0]]

    z = generator.latents(NUM_CANDIDATES, seed)[order].clone().requires_grad_()
    best_z, best_distance = z.detach().clone(), sample_distances[order].clone()
    optimizer = torch.optim.Adam([z], lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in progress_bar(range(steps), steps, "Steps"):
        distance = _distance(generator(z, labels), target)
        _keep_best(best_z, best_distance, z, distance)
        optimizer.zero_grad()
        distance.square().sum().backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            _constrain(z, generator.model.latent)
    with torch.no_grad():
        _keep_best(best_z, best_distance, z, _distance(generator(z, labels), target))
        best = int(best_distance.argmin())
        projected = generator(best_z[best : best + 1], labels[best : best + 1])[0]
    return Projection(
        z=best_z[best],
        label=int(labels[best]),
        image=projected,
        distance=float(best_distance[best]),
        start=nearest_sample,
        start_distance=float(sample_distances[order[0]]),
    )


def _distance(images: Tensor, target: Tensor) -> Tensor:
    return (images - target).square().flatten(1).mean(1).sqrt()


def _keep_best(best_z: Tensor, best_distance: Tensor, z: Tensor, distance: Tensor) -> None:
    """Update, in place, the best latent vector of each descent."""
    better = distance.detach() < best_distance
    best_z[better], best_distance[better] = z.detach()[better], distance.detach()[better]


def _constrain(z: Tensor, latent: str) -> None:
    if latent == "normal":
        z.mul_(z.shape[1] ** 0.5 / z.norm(dim=1, keepdim=True))
    else:
        z.clamp_(-1, 1)
