"""The training images that are nearest to some images: are samples copies?"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from gan.data.base import ImageDataModule
from gan.metrics.nearest import nearest
from gan.progress import progress_bar

__all__ = ["Space", "closest", "in_pixels"]

Space = Callable[[Tensor], Tensor]
BATCH_SIZE = 256


def in_pixels(images: Tensor) -> Tensor:
    """Map images, uint8 with shape (N, C, H, W), to vectors of their pixels, with shape (N, CHW)."""
    return images.flatten(1).float()


def closest(
    images: Tensor,
    data: ImageDataModule,
    space: Space,
    k: int,
    device: torch.device,
    among: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor]:
    """Find the training images that are nearest to some images, going through the data set once.

    Args:
        images: As the data set holds its own, with shape (N, C, H, W).
        data: Whose training images.
        space: Maps images to the vectors that distances are measured between.
        k: How many of each.
        device: Where vectors are computed.
        among: The indices of the training images that are searched; None is all.

    Returns:
        Distances, ascending, with shape (N, k), and the images, with shape (N, k, C, H, W).
    """
    queries = space(images.to(device)).cpu()
    among = range(len(data.split("train"))) if among is None else among
    distances = torch.full((len(images), k), torch.inf, dtype=torch.float64)
    indices = torch.zeros(len(images), k, dtype=torch.long)
    batches = progress_bar(data.batches("train", BATCH_SIZE, among), len(among) / BATCH_SIZE, "Training images")
    for number, batch in enumerate(batches):
        vectors = space(batch.images.to(device)).cpu()
        near, where = nearest(queries, vectors, min(k, len(vectors)))
        distances, order = torch.cat([distances, near], 1).topk(k, largest=False)
        indices = torch.cat([indices, where + number * BATCH_SIZE], 1).gather(1, order)
    found = data.split("train").__getitems__([among[place] for place in indices.flatten().tolist()]).images
    return distances, found.unflatten(0, indices.shape)
