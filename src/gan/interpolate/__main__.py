"""``python -m gan.interpolate CKPT``: morph between seeds, between classes, or between two states of a generator."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.utils import make_grid

from gan import cli
from gan.animation import SUFFIXES, save_animation
from gan.checkpoint.trained import TrainedGenerator, load
from gan.errors import UserError
from gan.images import enlarge, save_png
from gan.latent.interpolation import PATHS, lerp, travel
from gan.progress import progress_bar

__all__ = ["main", "morph", "transform"]


def main() -> None:
    """Morph as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m gan.interpolate", description="Morph between samples.")
    parser.add_argument("checkpoint", help="a checkpoint, or a run's folder, which stands for its best")
    parser.add_argument("--seeds", type=int, nargs="+", help="to go through (default: 0 1, or 0 where classes change)")
    parser.add_argument("--classes", type=int, nargs="+", help="to go through (default: each sample keeps its own)")
    parser.add_argument("--to", metavar="CHECKPOINT", help="morph to this generator's weights, for the same noise")
    parser.add_argument("--num", type=int, default=8, help="samples of each seed (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=12, help="from one to the next (default: %(default)s)")
    parser.add_argument("--path", choices=list(PATHS), help="(default: spherical for normal noise, linear for uniform)")
    parser.add_argument("--loop", action="store_true", help="go back to the beginning")
    parser.add_argument("--truncation", type=float, help="keep the noise within so many standard deviations")
    parser.add_argument("--no-ema", action="store_true", help="the generator's last weights, not their average")
    parser.add_argument("--fps", type=float, default=12, help="frames a second (default: %(default)s)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("morph.png"),
        help="a .png for a strip, a row a sample; a .gif or .mp4 for a film (default: %(default)s)",
    )
    args = parser.parse_args()
    if min(args.num, args.steps) < 1 or not args.fps > 0:
        raise UserError("--num and --steps must be at least 1, --fps above 0")
    if args.out.suffix not in (".png", *SUFFIXES):
        raise UserError(f"--out {args.out}: end it in .png, .gif or .mp4")

    generator = load(args.checkpoint, use_ema=not args.no_ema)
    if not generator.data.pixels:
        raise UserError(f"{args.checkpoint} makes points: there are no images to morph")
    seeds = args.seeds or ([0] if args.to or len(args.classes or ()) > 1 else [0, 1])
    if min(seeds) < 0:
        raise UserError("--seeds must be at least 0")
    if args.to:
        if len(seeds) > 1 or len(args.classes or ()) > 1:
            raise UserError("--to morphs weights for the same noise: name one seed, and one class at most")
        end = load(args.to, use_ema=not args.no_ema)
        z = generator.latents(args.num, seeds[0], args.truncation)
        (labels,) = stop_labels(generator, args.classes, args.num)
        indices, frames = args.steps + 1, transform(generator, end, z, labels, args.steps)
        if args.loop:
            there = list(frames)
            indices, frames = 2 * args.steps + 1, iter([*there, *there[-2::-1]])
    else:
        stops = max(len(seeds), len(args.classes or ()))
        if stops < 2:
            raise UserError("name two seeds or two classes at least, or a second checkpoint with --to")
        path = args.path or ("spherical" if generator.model.latent == "normal" else "linear")
        noise = [generator.latents(args.num, seed, args.truncation) for seed in seeds]
        frames = morph(generator, noise, stop_labels(generator, args.classes, args.num), args.steps, path, args.loop)
        indices = args.steps * (stops - 1 + args.loop) + 1
    pictures = [generator.data.discretize(images).cpu() for images in progress_bar(frames, indices, "Frames")]
    write(pictures, args.out, args.fps)
    print(f"Wrote {len(pictures)} frames of {args.num} samples to {args.out}")


def stop_labels(generator: TrainedGenerator, classes: list[int] | None, num: int) -> list[Tensor]:
    """Return what each stop asks of each sample: mixtures of classes, float32 with shape (num, num_classes)."""
    if generator.classes(classes) is None:
        own = torch.arange(num) % generator.num_classes
        return [F.one_hot(own, generator.num_classes).float()]
    assert classes is not None
    return [F.one_hot(torch.full((num,), label), generator.num_classes).float() for label in classes]


@torch.no_grad()
def morph(
    generator: TrainedGenerator, noise: list[Tensor], labels: list[Tensor], steps: int, path: str, loop: bool
) -> Iterator[Tensor]:
    """Go from stop to stop; the shorter of the two lists begins anew where it ends.

    Args:
        generator: Whose images.
        noise: Of each stop, with shape (N, latent_dim).
        labels: Of each stop, float32 with shape (N, num_classes).
        steps: From one stop to the next.
        path: How to go through noise: ``spherical`` or ``linear``.
        loop: Whether the first stop is the last one, too.

    Yields:
        Images in [-1, 1], with shape (N, C, H, W).
    """
    stops = max(len(noise), len(labels))
    order = [*range(stops), 0] if loop else range(stops)
    ways = travel([noise[stop % len(noise)] for stop in order], steps, PATHS[path])
    mixtures = travel([labels[stop % len(labels)] for stop in order], steps, lerp)
    for z, mixture in zip(ways, mixtures, strict=True):
        yield generator(z, mixture)


@torch.no_grad()
def transform(
    start: TrainedGenerator, end: TrainedGenerator, z: Tensor, labels: Tensor, steps: int
) -> Iterator[Tensor]:
    """Go straight from one generator's weights to another's, for the same noise.

    Args:
        start: A generator; its weights are changed on the way.
        end: One with the same network, such as a later state of its run.
        z: With shape (N, latent_dim).
        labels: Float32 with shape (N, num_classes).
        steps: From start to end.

    Yields:
        Images in [-1, 1], with shape (N, C, H, W).

    Raises:
        UserError: If the two networks differ.
    """
    with start.model.inference_network(start.use_ema) as network, end.model.inference_network(end.use_ema) as other:
        first, last = ({k: v.clone() for k, v in n.state_dict().items()} for n in (network, other))
        if {k: v.shape for k, v in first.items()} != {k: v.shape for k, v in last.items()}:
            raise UserError(
                f"{start.path} and {end.path} have different networks: there is nothing between their weights"
            )
        for step in range(steps + 1):
            t = step / steps
            network.load_state_dict(
                {k: torch.lerp(v, last[k], t) if v.is_floating_point() else last[k] for k, v in first.items()}
            )
            yield start(z, labels)


def write(frames: list[Tensor], out: Path, fps: float) -> None:
    """Write frames, each uint8 with shape (N, C, H, W): a strip with a row a sample, or a film of grids.

    Raises:
        UserError: If it cannot be written.
    """
    try:
        if out.suffix == ".png":
            save_png(make_grid(torch.stack(frames, 1).flatten(0, 1), nrow=len(frames), pad_value=255), out)
            return
        columns = max(1, round(len(frames[0]) ** 0.5 * 1.4))
        grids = [make_grid(frame, nrow=columns, pad_value=255) for frame in frames]
        save_animation([enlarge(grid) for grid in grids], out, fps)
    except OSError as error:
        raise UserError(f"--out {out}: {error}") from error


if __name__ == "__main__":
    cli.run(main)
