"""Training throughput as a function of batch size, width, resolution, or number of processes."""

from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from gan.benchmark.interleaving import measure_alternately
from gan.benchmark.output import make_result
from gan.benchmark.training_runs import OPTIONS, training_throughput
from gan.host import cores

__all__ = ["scale"]

AXES = {
    "batch": [("data.batch_size={}", value) for value in (16, 64, 256)],
    "width": [("model.generator.width={}", value) for value in (16, 32, 64)],
    "resolution": [("data.image_size={}", value) for value in (32, 64)],
}


def scale(options: list[str], rounds: int, steps: int) -> dict[str, Any]:
    """Measure images per second of a DCGAN; vary one setting at a time.

    The starting point is a width of 32 and batches of 64 images of 32x32 pixels.

    Args:
        options: Further options of train.py, for all settings.
        rounds: Measurements per setting.
        steps: Generator updates per measurement.
    """
    base = [*OPTIONS, "model.generator.width=32", "model.discriminator.width=32", "data.batch_size=64", *options]
    with TemporaryDirectory() as folder:
        measure = partial(training_throughput, Path(folder), steps=steps)
        settings = {
            f"{axis} {value}": partial(measure, [*base, option.format(value)], processes=1)
            for axis, values in AXES.items()
            for option, value in values
        }
        for processes in range(1, cores() + 1):
            settings[f"processes {processes}"] = partial(measure, base, processes=processes)
        throughputs = measure_alternately(settings, rounds)
    lines = ["| | images/s | range |", "| --- | --- | --- |"]
    lines += [f"| {name} | {median(v):,.0f} | {min(v):,.0f} to {max(v):,.0f} |" for name, v in throughputs.items()]
    return make_result("scale", options, images_per_second=throughputs, table="\n".join(lines))
