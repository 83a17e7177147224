"""Distribution of the perceptual path lengths of a generator."""

from pathlib import Path

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.metrics.path_length import mean_between_percentiles, perceptual_path_lengths
from gan.metrics.sampled import SampleSource
from gan.models.latent_space import SpaceName
from gan.nn.pretrained.efficientnet import EfficientNetLite0Maps
from gan.runs.writing import atomic_path

__all__ = ["path_length"]


def path_length(generator: TrainedGenerator, num: int, space: SpaceName, epsilon: float, seed: int, out: Path) -> None:
    """Print the perceptual path length, as ``metric=ppl`` has it, and draw the distribution of lengths.

    Args:
        generator: The trained model.
        num: Number of paths.
        space: Space of the paths.
        epsilon: Length of the steps, as a share of a path.
        seed: Seed of the latent vectors.
        out: PNG file to write.

    Raises:
        UserError: If ``epsilon`` is out of range, or the generator has no such space, or its images do not change
            smoothly.
    """
    from matplotlib.figure import Figure  # slow to import

    if not 0 < epsilon < 1:
        raise UserError("--epsilon must be above 0 and below 1")
    generator.check_smooth()
    network = EfficientNetLite0Maps().to(generator.device)
    source = SampleSource(generator.model, generator.use_ema, seed)
    lengths = perceptual_path_lengths(source, network, range(num), num, space, epsilon)
    mean, kept = mean_between_percentiles(lengths)
    print(f"ppl_{space} {mean:.4g} (mean of {kept} paths; all: {float(lengths.mean()):.4g})")
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.subplots()
    axes.hist(lengths.log10().numpy(), 40, color="#1f6fb4")
    axes.axvline(float(lengths.new_tensor(mean).log10()), color="black", linestyle=":")
    axes.set(xlabel=f"log10 of the path length in {space}", ylabel="paths")
    with atomic_path(out) as path:
        figure.savefig(path, format="png", dpi=110)
    print(f"Wrote {out}")
