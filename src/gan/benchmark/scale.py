"""What training costs as one thing grows: batch, width, resolution, or processes."""

from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from gan.benchmark.ranks import OPTIONS, turn
from gan.benchmark.rounds import interleaved, result
from gan.host import cores

__all__ = ["scale"]

AXES = {
    "batch": [("data.batch_size={}", number) for number in (16, 64, 256)],
    "width": [("model.generator.width={}", number) for number in (16, 32, 64)],
    "resolution": [("data.image_size={}", number) for number in (32, 64)],
}


def scale(options: list[str], rounds: int, steps: int) -> dict[str, Any]:
    """Measure images a second of a DCGAN of width 32, 32x32 pixels and batch 64, but for one thing at a time.

    Args:
        options: More options of train.py, for all.
        rounds: Turns that each has.
        steps: Generator updates a turn.
    """
    usual = [*OPTIONS, "model.generator.width=32", "model.discriminator.width=32", "data.batch_size=64", *options]
    with TemporaryDirectory() as folder:
        one = partial(turn, Path(folder), processes=1, steps=steps)
        sides = {
            f"{axis} {value}": partial(one, [*usual, option.format(value)])
            for axis, values in AXES.items()
            for option, value in values
        }
        for number in range(1, cores() + 1):
            sides[f"processes {number}"] = partial(turn, Path(folder), usual, processes=number, steps=steps)
        speeds = interleaved(sides, rounds)
    lines = ["| | images/s | range |", "| --- | --- | --- |"]
    lines += [f"| {name} | {median(s):,.0f} | {min(s):,.0f} to {max(s):,.0f} |" for name, s in speeds.items()]
    return result("scale", options, images_per_second=speeds, table="\n".join(lines))
