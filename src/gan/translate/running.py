"""Translation of many files, in batches of images of one size."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Size, Tensor

from gan.checkpoint.translation import Translator
from gan.errors import UserError, one_line
from gan.images import save_png
from gan.translate.files import Job

__all__ = ["Outcome", "translate_files"]

MAX_PIXELS = 2**21  # of source images that wait for their batch: larger ones gain nothing from a batch


class Outcome(NamedTuple):
    """File that is done, and why it has no translation; None if it has one."""

    job: Job
    error: str | None


def translate_files(translator: Translator, jobs: Iterable[Job], batch_size: int) -> Iterator[Outcome]:
    """Translate files, and yield each when its translation is written, or when it has failed.

    Images wait until a batch of one size is complete, or until there are ``batch_size`` of all sizes.

    Args:
        translator: The translator.
        jobs: The files.
        batch_size: Images per forward pass; large images have smaller batches.

    Raises:
        WriteError: If a translation cannot be written.
    """
    waiting: dict[Size, dict[Job, Tensor]] = {}
    for job in jobs:
        try:
            source = translator.read(job.source, job.mask)
        except UserError as error:
            yield Outcome(job, one_line(error))
            continue
        waiting.setdefault(source.shape, {})[job] = source
        while sum(map(len, waiting.values())) >= batch_size or _pixels(waiting) > MAX_PIXELS:
            yield from _translate(translator, waiting.pop(max(waiting, key=lambda shape: len(waiting[shape]))))
    for sources in waiting.values():
        yield from _translate(translator, sources)


def _pixels(waiting: dict[Size, dict[Job, Tensor]]) -> int:
    return sum(shape[1] * shape[2] * len(sources) for shape, sources in waiting.items())


def _translate(translator: Translator, sources: dict[Job, Tensor]) -> Iterator[Outcome]:
    """Translate images of one size, and write them."""
    try:
        images = translator.data.discretize(translator(torch.stack(list(sources.values())))).cpu()
    except UserError as error:
        yield from (Outcome(job, f"{job.source}: {one_line(error)}") for job in sources)
        return
    for job, image in zip(sources, images, strict=True):
        save_png(image, job.out)
        yield Outcome(job, None)
