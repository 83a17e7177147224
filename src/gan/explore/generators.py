"""Samples of each generator of a multi-generator GAN, or of each class, for comparison."""

from pathlib import Path

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.images import save_png

__all__ = ["generators"]


def generators(generator: TrainedGenerator, num: int, seed: int, out: Path) -> None:
    """Draw samples of each generator or class: one row of images each, or points in one colour each.

    Args:
        generator: The trained model.
        num: Samples per generator or class.
        seed: Seed of the samples.
        out: PNG file to write.

    Raises:
        UserError: If there is a single generator without classes.
    """
    if generator.num_classes == 1:
        raise UserError(f"{generator.path} is one generator without classes: there is nothing to compare")
    groups = {f"generator {k}": generator.sample(num, [k], seed) for k in range(generator.num_classes)}
    save_png(generator.data.picture_of(groups), out)
    print(f"Wrote {out}")
