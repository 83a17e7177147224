"""What each code of an InfoGAN changes (Chen et al., 2016, Figure 2)."""

from pathlib import Path

import torch

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.explore.sweep import sweep
from gan.images import gallery, save_png
from gan.models.infogan import InfoGAN

__all__ = ["codes"]


def codes(generator: TrainedGenerator, num: int, steps: int, reach: float, seed: int, out: Path) -> None:
    """Draw a figure: a row has the same noise throughout, in each category, then along each continuous code.

    Along those, each row keeps to one category, all in turn.

    Raises:
        UserError: If there are no codes, or nowhere to go.
    """
    model = generator.model
    if not isinstance(model, InfoGAN):
        raise UserError(f"{generator.path} has no codes: train a generator that has some with model=infogan")
    if not reach > 0:
        raise UserError("--reach must be above 0")
    z, categories = generator.latents(num, seed), model.num_classes
    nowhere = torch.zeros(model.latent_dim)
    all_of_them = torch.arange(categories).repeat(num)
    shown = {f"category 0 to {categories - 1}": (z.repeat_interleave(categories, 0), all_of_them, nowhere, 1)}
    for number in range(model.continuous):
        along, at_zero = nowhere.clone(), z.clone()
        along[number - model.continuous], at_zero[:, number - model.continuous] = 1, 0
        name = f"code {number + 1} from {-reach:g} to {reach:g}"
        shown[name] = at_zero, torch.arange(num) % categories, along, steps
    groups = {name: sweep(generator, *indices, reach) for name, indices in shown.items()}
    save_png(
        gallery({name: generator.data.discretize(x).cpu().unflatten(0, (num, -1)) for name, x in groups.items()}), out
    )
    print(f"Wrote {out}")
