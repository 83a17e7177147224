"""Trivial generators, which a trained one should beat: copies of the source image, and the mean training image."""

from functools import cache

from torch import Tensor

from gan.data.module import DataModule, TrivialBaseline
from gan.data.order import evenly_spaced
from gan.keyed_random import Stream, rows_at
from gan.types import Request

__all__ = ["copies", "mean_image"]

MEAN_OF = 256  # training rows


def copies(source_channels: int, channels: int) -> dict[str, TrivialBaseline]:
    """Return the baseline ``copy``, the source image; none if it has more channels than an image."""

    def copy(request: Request) -> Tensor:
        assert isinstance(request.condition, Tensor)
        return request.condition.expand(-1, channels, -1, -1)

    return {"copy": copy} if source_channels in (1, channels) else {}


def mean_image(data: DataModule) -> TrivialBaseline:
    """Return the baseline that is the mean of up to 256 training images, evenly spaced, for every condition."""

    @cache
    def mean() -> Tensor:
        chosen = list(evenly_spaced(size := len(data.split("train")), MEAN_OF))
        (rows,) = data.batches("train", MEAN_OF, chosen)
        rng = rows_at(Stream.CONDITIONS, total=size, indices=chosen)
        return data.make_condition(data.scale_batch(rows), rng).real.mean(0)

    def repeat(request: Request) -> Tensor:
        assert isinstance(request.condition, Tensor)
        return mean().expand(len(request.condition), -1, -1, -1)

    return repeat
