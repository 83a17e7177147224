"""Effect of each InfoGAN code on the samples (Chen et al., 2016, Figure 2)."""

from pathlib import Path

import torch

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.explore.sweep import sweep
from gan.images import gallery, save_png
from gan.models.infogan import InfoGAN
from gan.models.latent_space import SpaceZ
from gan.types import GeneratorInput

__all__ = ["codes"]


def codes(generator: TrainedGenerator, num: int, steps: int, reach: float, seed: int, out: Path) -> None:
    """Draw each row's sample in every category, then along each continuous code.

    Along the continuous codes, a row keeps its category; the rows cycle through the categories.

    Args:
        generator: A trained InfoGAN.
        num: Number of rows, each with its own noise.
        steps: Images per continuous code.
        reach: The codes run from ``-reach`` to ``reach``.
        seed: Seed of the noise.
        out: PNG file to write.

    Raises:
        UserError: If the model has no codes, or ``reach`` is not positive.
    """
    model = generator.model
    if not isinstance(model, InfoGAN):
        raise UserError(f"{generator.path} has no codes: only runs of model=infogan have them")
    if not reach > 0:
        raise UserError("--reach must be above 0")
    inputs, categories = generator.inputs(num, seed=seed), model.num_classes
    z = inputs.z
    assert z is not None
    latent, zero_direction = SpaceZ(model, generator.use_ema), torch.zeros(model.latent_dim)
    in_each = GeneratorInput(z.repeat_interleave(categories, 0), torch.arange(categories).repeat(num))
    groups = {f"category 0 to {categories - 1}": sweep(generator, latent, in_each, zero_direction, 1, reach)}
    for number in range(model.continuous):
        entry = number - model.continuous  # the continuous codes are the last entries of z
        direction, start = zero_direction.clone(), z.clone()
        direction[entry], start[:, entry] = 1, 0
        name = f"code {number + 1} from {-reach:g} to {reach:g}"
        starts = GeneratorInput(start, torch.arange(num) % categories)
        groups[name] = sweep(generator, latent, starts, direction, steps, reach)
    discretize = generator.data.discretize
    save_png(gallery({name: discretize(x).cpu().unflatten(0, (num, -1)) for name, x in groups.items()}), out)
    print(f"Wrote {out}")
