"""Back from an image to the noise that a generator makes it of, by gradient descent on the noise."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.progress import progress_bar

__all__ = ["Projection", "project"]

TRIED = 2048  # samples that the nearest few are where descents begin


@dataclass(frozen=True)
class Projection:
    """What came nearest to an image.

    Attributes:
        z: The noise, with shape (latent_dim,).
        label: The class that it goes with; 0 for a generator without.
        image: What the generator makes of it, in [-1, 1], with shape (C, H, W).
        distance: From the image: the root of the mean square over pixels, whose range is 2.
        start: The sample that the descent began at, with shape (C, H, W).
        start_distance: Of that sample, the nearest of all that were tried.
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
    """Find noise that a generator makes an image of, or nearly.

    Adam descends from the nearest of many samples, each with its own class; noise is kept where it is drawn from: on
    the sphere of its usual length if it is normal (Menon et al., 2020, Section 3.2), in the box if it is uniform.

    Args:
        generator: Whose.
        image: In [-1, 1], with shape (C, H, W).
        steps: Of each descent.
        starts: Descents, side by side.
        lr: Adam's learning rate, which falls to zero along a cosine.
        seed: What the samples follow from.

    Raises:
        UserError: If there is no gradient to go by.
    """
    generator.check_smooth()
    target = image.to(generator.device)[None]
    samples = list(generator.batches(range(TRIED), seed=seed))
    far = torch.cat([_distance(batch.images, target) for batch in samples])
    order = far.argsort()[:starts]
    labels = torch.cat([batch.labels for batch in samples])[order]
    first = torch.cat([batch.images for batch in samples])[order[0]]

    z = generator.latents(TRIED, seed)[order].clone().requires_grad_()
    best_z, best = z.detach().clone(), far[order].clone()
    optimizer = torch.optim.Adam([z], lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in progress_bar(range(steps), steps, "Steps"):
        distance = _distance(generator(z, labels), target)
        _keep_best(best_z, best, z, distance)
        optimizer.zero_grad()
        distance.square().sum().backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            _restrict(z, generator.model.latent)
    with torch.no_grad():
        _keep_best(best_z, best, z, _distance(generator(z, labels), target))
        winner = int(best.argmin())
        made = generator(best_z[winner : winner + 1], labels[winner : winner + 1])[0]
    return Projection(best_z[winner], int(labels[winner]), made, float(best[winner]), first, float(far[order[0]]))


def _distance(images: Tensor, target: Tensor) -> Tensor:
    return (images - target).square().flatten(1).mean(1).sqrt()


def _keep_best(best_z: Tensor, best: Tensor, z: Tensor, distance: Tensor) -> None:
    """Note where each descent came nearest."""
    nearer = distance.detach() < best
    best_z[nearer], best[nearer] = z.detach()[nearer], distance.detach()[nearer]


def _restrict(z: Tensor, latent: str) -> None:
    if latent == "normal":
        z.mul_(z.shape[1] ** 0.5 / z.norm(dim=1, keepdim=True))
    else:
        z.clamp_(-1, 1)
