"""Samples moved along directions in a latent space."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torchvision.utils import make_grid

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.images import save_png
from gan.latent.directions import Method, find_directions, find_style_directions
from gan.models.latent_space import LatentSpace, SpaceName, SpaceW, open_space
from gan.types import GeneratorInput

__all__ = ["directions", "sweep"]


def directions(
    generator: TrainedGenerator,
    methods: Sequence[Method],
    num: int,
    samples: int,
    steps: int,
    reach: float,
    classes: Sequence[int] | None,
    space: SpaceName | None,
    layers: Sequence[int] | None,
    seed: int,
    out: Path,
) -> None:
    """Draw samples along the directions that change them most: ``<method>-<n>.png``, with one row per sample.

    Args:
        generator: The generator.
        methods: Methods that find the directions.
        num: Directions per method.
        samples: Number of samples.
        steps: Images per row.
        reach: Distance from the sample to either end of its row, in standard deviations of samples.
        classes: Classes to cycle through; None for all.
        space: Space of the directions; None for W where there is one, and Z otherwise.
        layers: First and last layer to change, in W; None for all.
        seed: Seed of the samples.
        out: Folder to write to.

    Raises:
        UserError: If a number is out of range, or a class or the space does not exist.
    """
    if samples < 1 or not reach > 0 or out.suffix:
        raise UserError("--samples must be at least 1, --reach above 0, and --out a folder without a suffix")
    generator.check_latent()
    inputs = generator.inputs(samples, classes, seed)
    chosen = None if layers is None else range(layers[0], layers[1] + 1)
    latent = open_space(generator.model, generator.use_ema, space, chosen)
    for method in methods:
        for number, direction in enumerate(_find(generator, latent, method, num), start=1):
            moved = sweep(generator, latent, inputs, direction, steps, reach * latent.deviation(direction))
            path = out / f"{method}-{number}.png"
            save_png(make_grid(generator.data.discretize(moved).cpu(), nrow=steps, pad_value=255), path)
            print(f"Wrote {path}")


def _find(generator: TrainedGenerator, latent: LatentSpace, method: Method, num: int) -> Tensor:
    if isinstance(latent, SpaceW):
        return find_style_directions(latent, method, num)
    return find_directions(generator, method, num)


@torch.no_grad()
def sweep(
    generator: TrainedGenerator,
    latent: LatentSpace,
    inputs: GeneratorInput,
    direction: Tensor,
    steps: int,
    reach: float,
) -> Tensor:
    """Generate images along a direction from each sample.

    Args:
        generator: The generator.
        latent: Latent space of the direction.
        inputs: Input of N samples, whose noise, classes and conditions are kept.
        direction: Unit vector, with shape (D,).
        steps: Images per sample; the middle one of an odd number is the sample itself.
        reach: Distance from the sample to either end.

    Returns:
        Images in [-1, 1], with shape (N * steps, C, H, W), grouped by sample.
    """
    offsets = torch.linspace(-reach, reach, steps) if steps > 1 else torch.zeros(1)
    repeated = inputs.map(lambda x: x.repeat_interleave(steps, 0))
    vectors = latent.vectors(repeated)
    moved = vectors + offsets.repeat(inputs.size).to(vectors)[:, None] * direction.to(vectors)
    return torch.cat([generator.generate(part) for part in latent.replace(repeated, moved).split(256)])
