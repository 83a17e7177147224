"""``python -m gan.interpolate CKPT``: interpolate between seeds, between classes, or between two checkpoints."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from gan import cli
from gan.animation import SUFFIXES
from gan.checkpoint.trained import TrainedGenerator, load
from gan.errors import UserError
from gan.interpolate.morph import interpolate_weights, keyframe_labels, morph
from gan.interpolate.writing import write_frames
from gan.models.interpolation import PATHS
from gan.progress import progress_bar

__all__ = ["main"]


def main() -> None:
    """Parse the command line, interpolate, and write the frames."""
    parser = argparse.ArgumentParser(prog="python -m gan.interpolate", description="Interpolate between samples.")
    cli.add_checkpoint(parser)
    parser.add_argument(
        "--seeds", type=cli.up_to(2**63 - 1), nargs="+", help="seeds to visit (default: 0 1, or 0 if classes change)"
    )
    parser.add_argument(
        "--classes", type=int, nargs="+", help="classes to visit (default: each sample keeps its class)"
    )
    parser.add_argument("--to", metavar="CHECKPOINT", help="interpolate to this checkpoint's weights, with fixed noise")
    parser.add_argument(
        "--num", type=cli.up_to(10_000), default=8, help="number of samples per seed (default: %(default)s)"
    )
    parser.add_argument(
        "--steps",
        type=cli.up_to(10_000),
        default=12,
        help="frames from one seed or class to the next (default: %(default)s)",
    )
    parser.add_argument("--path", choices=list(PATHS), help="(default: spherical for normal noise, linear for uniform)")
    parser.add_argument(
        "--space", choices=("z", "w"), default="z", help="w: straight lines in W of a StyleGAN2 (default: %(default)s)"
    )
    parser.add_argument("--loop", action="store_true", help="return to the first frame")
    parser.add_argument("--truncation", type=float, help="truncate the noise at this many standard deviations")
    parser.add_argument("--no-ema", action="store_true", help="use the last weights, not their moving average")
    parser.add_argument(
        "--fps", type=cli.up_to(1000, float), default=12, help="frames per second (default: %(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("morph.png"),
        help="a .png for a strip with one row per sample, a .gif or .mp4 for an animation (default: %(default)s)",
    )
    args = parser.parse_args()
    if min(args.num, args.steps) < 1 or not args.fps > 0:
        raise UserError("--num and --steps must be at least 1, --fps above 0")
    if args.out.suffix not in (".png", *SUFFIXES):
        raise UserError(f"--out {args.out}: use the suffix .png, .gif or .mp4")

    generator = load(args.checkpoint, use_ema=not args.no_ema, trust=args.trust)
    if not generator.data.pixels:
        raise UserError(f"{args.checkpoint} generates {generator.data.noun}, not images")
    seeds = args.seeds or ([0] if args.to or len(args.classes or ()) > 1 else [0, 1])
    if min(seeds) < 0:
        raise UserError("--seeds must be at least 0")
    num_frames, frames = (_between_weights if args.to else _between_samples)(generator, seeds, args)
    pictures = [generator.data.discretize(images).cpu() for images in progress_bar(frames, num_frames, "Frames")]
    write_frames(pictures, args.out, args.fps)
    print(f"Wrote {len(pictures)} frames of {args.num} samples to {args.out}")


def _between_samples(
    generator: TrainedGenerator, seeds: list[int], args: argparse.Namespace
) -> tuple[int, Iterator[Tensor]]:
    """Interpolate between seeds and classes; return the number of frames, and the frames."""
    num_keyframes = max(len(seeds), len(args.classes or ()))
    if num_keyframes < 2:
        raise UserError("name at least two seeds, two classes, or a second checkpoint with --to")
    if args.space == "w" and args.path == "spherical":
        raise UserError("--path spherical is for --space z: in w, paths are straight lines")
    path = args.path or ("spherical" if generator.model.latent == "normal" else "linear")
    z = [generator.latents(args.num, seed, args.truncation) for seed in seeds]
    labels = keyframe_labels(generator, args.classes, args.num)
    num_frames = args.steps * (num_keyframes - 1 + args.loop) + 1
    inputs = generator.inputs(args.num, seed=seeds[0], truncation=args.truncation)
    return num_frames, morph(generator, inputs, z, labels, args.steps, path, args.loop, args.space)


def _between_weights(
    generator: TrainedGenerator, seeds: list[int], args: argparse.Namespace
) -> tuple[int, Iterator[Tensor]]:
    """Interpolate to the weights of ``--to``; return the number of frames, and the frames."""
    if args.space != "z":
        raise UserError("--to interpolates weights with fixed noise: leave --space out")
    if len(seeds) > 1 or len(args.classes or ()) > 1:
        raise UserError("--to interpolates weights with fixed noise: name only one seed and at most one class")
    end = load(args.to, use_ema=not args.no_ema, trust=args.trust)
    inputs = generator.inputs(args.num, seed=seeds[0], truncation=args.truncation)
    (labels,) = keyframe_labels(generator, args.classes, args.num)
    frames = interpolate_weights(generator, end, inputs._replace(labels=labels), args.steps)
    if not args.loop:
        return args.steps + 1, frames
    forward = list(frames)
    return 2 * args.steps + 1, iter([*forward, *forward[-2::-1]])


if __name__ == "__main__":
    cli.run(main)
