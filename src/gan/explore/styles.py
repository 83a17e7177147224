"""Style mixing: the coarse styles of some samples with the fine styles of others (Karras et al., 2019, Figure 3)."""

from pathlib import Path

import torch

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.images import grid, save_png
from gan.models.stylegan2 import CROSSOVER, MIXED, StyleGAN2
from gan.types import GeneratorInput

__all__ = ["styles"]


def styles(generator: TrainedGenerator, rows: int, columns: int, crossover: int | None, seed: int, out: Path) -> None:
    """Draw images with the coarse styles of their row and the fine styles of their column.

    The first column and the first row show the samples that the styles are from. An image has the noise of its row.

    Args:
        generator: A trained StyleGAN2.
        rows: Samples that coarse styles are from.
        columns: Samples that fine styles are from.
        crossover: Number of layers with the coarse style; None for half of them.
        seed: Seed of the samples.
        out: PNG file to write.

    Raises:
        UserError: If the model has no styles, or not so many layers.
    """
    model = generator.model
    if not isinstance(model, StyleGAN2):
        raise UserError(f"{generator.path} has no styles: only runs of model=stylegan2 have them")
    crossover = model.num_layers // 2 if crossover is None else crossover
    if not 0 < crossover < model.num_layers:
        raise UserError(f"--crossover must be from 1 to {model.num_layers - 1}, not {crossover}")
    inputs = generator.inputs(rows + columns, seed=seed)
    samples = generator.generate(inputs)
    coarse = torch.arange(rows).repeat_interleave(columns)
    fine = rows + torch.arange(columns).repeat(rows)
    images = generator.generate(mix(inputs, coarse, fine, crossover)).unflatten(0, (rows, columns))
    blank = torch.ones_like(samples[:1])
    lines = [blank, samples[rows:], *(line for row in range(rows) for line in (samples[row : row + 1], images[row]))]
    save_png(grid(torch.cat(lines), columns + 1), out)
    print(f"Wrote {out}")


def mix(inputs: GeneratorInput, coarse: torch.Tensor, fine: torch.Tensor, crossover: int) -> GeneratorInput:
    """Return the input of images with the styles of one row up to a layer, and of another from there on.

    Args:
        inputs: Input of samples.
        coarse: Rows of the first styles, of the noise and of the classes, int64 with shape (N,).
        fine: Rows of the other styles, int64 with shape (N,).
        crossover: Number of layers with the first style.
    """
    assert inputs.z is not None
    mixing = {MIXED: inputs.z[fine], CROSSOVER: torch.full((len(fine),), crossover, device=inputs.z.device)}
    first = inputs.map(lambda x: x[coarse])
    return first._replace(noise={**(first.noise or {}), **mixing})
