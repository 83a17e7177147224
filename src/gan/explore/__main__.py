"""``python -m gan.explore VIEW CKPT``: draw figures of what a generator has learned."""

import argparse
from collections.abc import Callable
from pathlib import Path

from gan import cli
from gan.checkpoint.trained import load
from gan.errors import UserError
from gan.explore.attention import attention
from gan.explore.codes import codes
from gan.explore.compare import compare
from gan.explore.generators import generators
from gan.explore.mapping import mapping
from gan.explore.neighbors import neighbors
from gan.explore.path_length import path_length
from gan.explore.project import project_image
from gan.explore.reconstruct import reconstruct
from gan.explore.styles import styles
from gan.explore.sweep import directions
from gan.explore.temperature import temperature
from gan.explore.truncation import truncation
from gan.latent.directions import METHODS

__all__ = ["main"]

VIEWS: dict[str, Callable[..., None]] = {
    "attention": attention,
    "codes": codes,
    "compare": compare,
    "directions": directions,
    "generators": generators,
    "mapping": mapping,
    "neighbors": neighbors,
    "path_length": path_length,
    "project": project_image,
    "reconstruct": reconstruct,
    "styles": styles,
    "temperature": temperature,
    "truncation": truncation,
}
VIEWS_WITHOUT_IMAGES = {
    "points": ("generators",),
    "sentences": ("temperature",),
    "sequences": ("temperature",),
    "vectors": ("mapping",),
}
"""Views of what is no image, by its noun."""


def main() -> None:
    """Parse the command line, load the generator, and draw the view."""
    args = vars(_parser().parse_args())
    for name in ("num", "k", "steps", "starts", "rows", "columns"):
        if args.get(name) is not None and args[name] < 1:
            raise UserError(f"--{name} must be at least 1")
    if args["seed"] < 0:
        raise UserError("--seed must be at least 0")
    view, path, out = args.pop("view"), args.pop("checkpoint"), args.get("out")
    if out is not None and view != "directions" and out.suffix != ".png":
        raise UserError(f"--out {out}: end it in .png")
    generator = load(path, trust=args.pop("trust"))
    if not generator.data.pixels and view not in VIEWS_WITHOUT_IMAGES.get(generator.data.noun, ()):
        raise UserError(f"{path} makes {generator.data.noun}: there are no images to show")
    try:
        VIEWS[view](generator, **args)
    except OSError as error:
        raise UserError(f"--out {out}: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gan.explore", description="Draw figures of what a generator has learned."
    )
    views = parser.add_subparsers(dest="view", required=True, metavar="VIEW")

    def add_view(name: str, description: str, out: str | None, kind: str = ".png file") -> argparse.ArgumentParser:
        sub = views.add_parser(name, help=description, description=description)
        cli.add_checkpoint(sub)
        sub.add_argument(
            "--seed", type=cli.up_to(2**63 - 1), default=0, help="seed of the noise (default: %(default)s)"
        )
        if out is not None:
            sub.add_argument("--out", type=Path, default=Path(out), help=f"{kind} to write (default: %(default)s)")
        return sub

    def add_numbers(sub: argparse.ArgumentParser, **options: tuple[int, str]) -> None:
        for name, (default, description) in options.items():
            sub.add_argument(
                f"--{name}", type=cli.up_to(1_000_000), default=default, help=f"{description} (default: %(default)s)"
            )

    sub = add_view("attention", "show attention maps of a generator with self-attention", "attention.png")
    add_numbers(sub, num=(8, "number of samples"))

    sub = add_view("codes", "show the effect of each code of an InfoGAN", "codes.png")
    add_numbers(sub, num=(10, "number of rows, each with its own noise"), steps=(9, "images per continuous code"))
    sub.add_argument(
        "--reach",
        type=cli.up_to(1e6, float),
        default=2.0,
        help="largest value of a code; 1 in training (default: %(default)s)",
    )

    sub = add_view("compare", "show samples of several runs beside held-out images, with sharpness", "compare.png")
    sub.add_argument("--others", nargs="+", required=True, help="further checkpoints or runs' folders")
    add_numbers(sub, num=(64, "samples of each run, a square number"))

    sub = add_view(
        "directions", "show samples along the latent directions that change them most", "directions", "folder"
    )
    add_numbers(sub, num=(5, "directions per method"), samples=(6, "number of samples"), steps=(9, "images per sample"))
    sub.add_argument("--methods", choices=METHODS, nargs="+", default=METHODS, help="(default: both)")
    sub.add_argument(
        "--reach",
        type=cli.up_to(1e6, float),
        default=4.0,
        help="standard deviations in either direction (default: %(default)s)",
    )
    sub.add_argument("--classes", type=int, nargs="+", help="classes to cycle through (default: all)")
    sub.add_argument("--space", choices=("z", "w"), help="space of the directions (default: w of StyleGAN2, or z)")
    sub.add_argument(
        "--layers",
        type=cli.up_to(100),
        nargs=2,
        metavar=("FIRST", "LAST"),
        help="layers of StyleGAN2 to change, from 0 (default: all)",
    )

    sub = add_view("generators", "show samples of each generator, or of each class", "generators.png")
    add_numbers(sub, num=(10, "samples of each"))

    sub = add_view("mapping", "print the precision of maps of word vectors, beside maps without a GAN", None)
    sub.add_argument("--others", nargs="+", default=[], help="further checkpoints or runs' folders, of the same data")
    add_numbers(
        sub,
        refinements=(20, "refinements of each map"),
        words=(2000, "commonest words that refinement uses"),
        rotations=(1, "random rotations to refine"),
    )

    sub = add_view("neighbors", "show samples beside their nearest training images", "neighbors.png")
    add_numbers(sub, num=(8, "number of samples"), k=(4, "neighbours per sample"))
    sub.add_argument(
        "--samples",
        type=cli.up_to(10_000_000),
        nargs="+",
        help="indices of the seed's samples (default: the first ones)",
    )

    sub = add_view("path_length", "measure how much images change along paths between samples", "path_length.png")
    add_numbers(sub, num=(1000, "number of paths"))
    sub.add_argument("--space", choices=("z", "w"), default="z", help="space of the paths (default: %(default)s)")
    sub.add_argument(
        "--epsilon",
        type=cli.up_to(1, float),
        default=1e-4,
        help="length of the steps, as a share of a path (default: %(default)s)",
    )

    sub = add_view("project", "find the latent vector that reproduces an image", "projection.png")
    sub.add_argument("image", type=Path, help="image file")
    sub.add_argument("--fit", action="store_true", help="crop and resize an image of another size")
    sub.add_argument("--space", choices=("z", "w+"), help="space of the vector (default: w+ of StyleGAN2, or z)")
    sub.add_argument(
        "--steps", type=cli.up_to(1_000_000), help="steps of gradient descent (default: 300 in z, 1000 in w+)"
    )
    sub.add_argument("--starts", type=cli.up_to(1_000_000), help="samples to start from in z (default: 8)")

    sub = add_view("reconstruct", "show held-out images above an autoencoder's reconstructions", "reconstructions.png")
    add_numbers(sub, num=(12, "number of images"))

    sub = add_view("styles", "mix the coarse styles of samples with the fine styles of others", "styles.png")
    add_numbers(sub, rows=(4, "samples that coarse styles are from"), columns=(6, "samples that fine styles are from"))
    sub.add_argument("--crossover", type=cli.up_to(100), help="layers with the coarse style (default: half of them)")

    sub = add_view("temperature", "draw quality against variety of text over the temperature", "temperature.png")
    sub.add_argument("--others", nargs="+", default=[], help="further checkpoints or runs' folders, of the same data")
    add_numbers(sub, num=(2000, "samples at each temperature"))
    sub.add_argument(
        "--temperatures",
        type=cli.up_to(1000, float),
        nargs="+",
        default=[0.6, 0.7, 0.8, 0.9, 1.0, 1.1],
        help="(default: 0.6 to 1.1)",
    )

    sub = add_view("truncation", "draw precision and recall over the threshold of truncation", "truncation.png")
    add_numbers(sub, num=(2000, "samples at each threshold"))
    sub.add_argument(
        "--thresholds",
        type=cli.up_to(1e6, float),
        nargs="+",
        default=[0.4, 0.6, 0.8, 1.0, 1.5],
        help="(default: 0.4 to 1.5)",
    )
    return parser


if __name__ == "__main__":
    cli.run(main)
