"""Output formats of samples: a PNG grid, an NPZ array, or a folder of PNGs."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from torch import Tensor

from gan.data.module import DataModule
from gan.data.sequences import SequenceDataModule
from gan.data.vectors import WordVectorModule
from gan.distributed.group import all_true, barrier, gather_rows, rank_and_world
from gan.errors import UserError
from gan.images import save_png
from gan.runs.writing import atomic_path, write_text
from gan.types import Samples

__all__ = ["write_samples"]


def write_samples(batches: Iterable[Samples], data: DataModule, out: Path, start: int, num: int) -> None:
    """Write the samples of all ranks in the format that the suffix of ``out`` names.

    Args:
        batches: This rank's samples, in [-1, 1].
        data: Data module of the generator.
        out: A ``.png`` for a grid, a ``.npz`` for an array, or a folder of PNGs; see ``write_sequences`` and
            ``write_vectors`` for others.
        start: Index of this rank's first sample among those of all ranks.
        num: Number of samples of all ranks.

    Raises:
        UserError: If the suffix is another, or PNGs cannot store the channels.
    """
    is_rank_zero = rank_and_world()[0] == 0
    if isinstance(data, SequenceDataModule):
        write_sequences(batches, data, out)
    elif isinstance(data, WordVectorModule):
        write_vectors(batches, data, out)
    elif out.suffix == ".png":
        samples = gather_samples(list(batches))
        if is_rank_zero:
            save_png(data.picture_of_samples(samples), out)
    elif out.suffix == ".npz":
        images = gather_rows([data.discretize_samples(batch).images.cpu() for batch in batches])
        if is_rank_zero:
            with atomic_path(out) as partial, partial.open("wb") as file:
                np.savez_compressed(file, images=images.permute(0, 2, 3, 1).numpy())
    elif out.suffix:
        raise UserError(f"--out {out}: use the suffix .png or .npz, or name a folder, without a suffix")
    elif data.image_shape[0] not in (1, 3):
        raise UserError(f"--out {out}: PNGs cannot store images of {data.image_shape[0]} channels; use .png or .npz")
    else:
        digits = len(str(num - 1))
        images_of_rank = (image for batch in batches for image in data.discretize_samples(batch).images.cpu())
        for index, image in enumerate(images_of_rank, start):
            save_png(image, out / f"{index:0{digits}d}.png")
        barrier()


def write_sequences(batches: Iterable[Samples], data: SequenceDataModule, out: Path) -> None:
    """Write the sequences of all ranks: as text in a ``.txt`` file, or as tokens in a ``.npz`` file.

    Raises:
        UserError: If the suffix is another.
    """
    if out.suffix not in (".txt", ".npz"):
        raise UserError(f"--out {out}: {data.noun} are text: use the suffix .txt, or .npz for their tokens")
    tokens = gather_rows([data.discretize(batch.images).cpu() for batch in batches])
    if rank_and_world()[0] > 0:
        return
    if out.suffix == ".txt":
        write_text(out, "".join(f"{line}\n" for line in data.lines(tokens)))
        return
    with atomic_path(out) as partial, partial.open("wb") as file:
        np.savez_compressed(file, tokens=tokens.numpy())


def write_vectors(batches: Iterable[Samples], data: WordVectorModule, out: Path) -> None:
    """Write the mapped vectors of all ranks: as translations in a ``.txt`` file, or themselves in a ``.npz`` file.

    Raises:
        UserError: If the suffix is another.
    """
    if out.suffix not in (".txt", ".npz"):
        raise UserError(f"--out {out}: mapped words are text: use the suffix .txt, or .npz for their vectors")
    samples = gather_samples(list(batches))
    if rank_and_world()[0] > 0:
        return
    if out.suffix == ".txt":
        write_text(out, "".join(f"{line}\n" for line in data.sample_lines(samples)))
        return
    with atomic_path(out) as partial, partial.open("wb") as file:
        np.savez_compressed(file, vectors=samples.images.numpy())


def gather_samples(batches: list[Samples]) -> Samples:
    """Concatenate the samples of all ranks, on the CPU; a condition that is not a single tensor becomes None."""

    def gather(values: list[object]) -> Tensor | None:
        tensors = [value.cpu() for value in values if isinstance(value, Tensor)]
        return gather_rows(tensors) if all_true(len(tensors) == len(values)) else None

    images, labels, condition, real = (gather([batch[field] for batch in batches]) for field in range(4))
    assert images is not None
    assert labels is not None
    return Samples(images, labels, condition, real)
