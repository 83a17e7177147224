"""``python -m gan.explore VIEW CKPT``: look into what a generator has learned."""

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
from gan.explore.neighbors import neighbors
from gan.explore.project import project_image
from gan.explore.reconstruct import reconstruct
from gan.explore.sweep import directions
from gan.latent.directions import METHODS

__all__ = ["main"]

VIEWS: dict[str, Callable[..., None]] = {
    "attention": attention,
    "codes": codes,
    "compare": compare,
    "directions": directions,
    "generators": generators,
    "neighbors": neighbors,
    "project": project_image,
    "reconstruct": reconstruct,
}
SHOW_POINTS = ("generators",)  # views of points in the plane too


def main() -> None:
    """Look as the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.explore", description="Look into what a generator has learned."
    )
    views = parser.add_subparsers(dest="view", required=True, metavar="VIEW")

    def view(name: str, what: str, out: str, ending: str) -> argparse.ArgumentParser:
        sub = views.add_parser(name, help=what, description=what)
        sub.add_argument("checkpoint", help="a checkpoint, or a run's folder, which stands for its best")
        sub.add_argument("--seed", type=int, default=0, help="what the noise follows from (default: %(default)s)")
        sub.add_argument("--out", type=Path, default=Path(out), help=f"a {ending} (default: %(default)s)")
        return sub

    def counts(sub: argparse.ArgumentParser, **defaults: tuple[int, str]) -> None:
        for name, (default, what) in defaults.items():
            sub.add_argument(f"--{name}", type=int, default=default, help=f"{what} (default: %(default)s)")

    sub = view("attention", "show where the indices of samples look, with self-attention", "attention.png", ".png")
    counts(sub, num=(8, "samples"))
    sub = view("codes", "show what each code of an InfoGAN changes", "codes.png", ".png")
    counts(sub, num=(10, "rows, each with noise of its own"), steps=(9, "images of a sweep"))
    sub.add_argument("--reach", type=float, default=2.0, help="end of a sweep; trained: 1 (default: %(default)s)")

    sub = view(
        "compare", "show samples of several runs beside held-out images, and their sharpness", "compare.png", ".png"
    )
    sub.add_argument("--others", nargs="+", required=True, help="checkpoints, or runs' folders, to show beside it")
    counts(sub, num=(64, "samples of each, a square number"))

    sub = view("directions", "sweep samples along the directions that change them most", "directions", "folder")
    counts(sub, num=(5, "directions of each method"), samples=(6, "samples to move"), steps=(9, "images of a sweep"))
    sub.add_argument("--methods", choices=METHODS, nargs="+", default=METHODS, help="(default: both)")
    sub.add_argument("--reach", type=float, default=4.0, help="standard deviations each way (default: %(default)s)")
    sub.add_argument("--classes", type=int, nargs="+", help="of the samples, in turn (default: all)")

    sub = view("generators", "show what each generator, or each class, makes", "generators.png", ".png")
    counts(sub, num=(10, "samples of each"))

    sub = view("neighbors", "show samples beside the training images nearest to them", "neighbors.png", ".png")
    counts(sub, num=(8, "samples"), k=(4, "neighbours of each"))
    sub.add_argument("--samples", type=int, nargs="+", help="which samples of the seed (default: the first ones)")

    sub = view("project", "find the noise that the generator makes an image of", "projection.png", ".png")
    sub.add_argument("image", type=Path, help="an image file")
    sub.add_argument("--fit", action="store_true", help="crop and scale an image of another size")
    counts(sub, steps=(300, "of gradient descent"), starts=(8, "samples to descend from"))

    sub = view(
        "reconstruct", "show held-out images above what an autoencoder gives back", "reconstructions.png", ".png"
    )
    counts(sub, num=(12, "images"))

    args = vars(parser.parse_args())
    if wrong := [name for name in ("num", "k", "steps", "starts") if args.get(name, 1) < 1]:
        raise UserError(f"--{wrong[0]} must be at least 1")
    if args["seed"] < 0:
        raise UserError("--seed must be at least 0")
    name, path, out = args.pop("view"), args.pop("checkpoint"), args["out"]
    if name != "directions" and out.suffix != ".png":
        raise UserError(f"--out {out}: end it in .png")
    generator = load(path)
    if not generator.data.pixels and name not in SHOW_POINTS:
        raise UserError(f"{path} makes points: there are no images to show")
    try:
        VIEWS[name](generator, **args)
    except OSError as error:
        raise UserError(f"--out {out}: {error}") from error


if __name__ == "__main__":
    cli.run(main)
