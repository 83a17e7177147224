"""What each of several generators makes, side by side: which modes are whose?"""

from pathlib import Path

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.images import save_png

__all__ = ["generators"]


def generators(generator: TrainedGenerator, num: int, seed: int, out: Path) -> None:
    """Draw samples of each generator, or of each class: images in a row of their own, points in a colour.

    Raises:
        UserError: If there is but one generator.
    """
    if generator.num_classes == 1:
        raise UserError(f"{generator.path} is one generator without classes: there is nothing to tell apart")
    groups = {f"generator {k}": generator.sample(num, [k], seed) for k in range(generator.num_classes)}
    save_png(generator.data.picture_of(groups), out)
    print(f"Wrote {out}")
