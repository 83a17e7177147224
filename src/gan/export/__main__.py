"""``python -m gan.export CKPT``: a trained generator's weights, and graphs that run without this project."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from omegaconf import OmegaConf

from gan import cli
from gan.checkpoint import exported as weights
from gan.checkpoint.trained import TrainedGenerator
from gan.config import plain
from gan.errors import UserError
from gan.export import onnx, program
from gan.export.graph import Graph
from gan.host import versions

__all__ = ["main"]

CONFIG = ("model", "data", "metric")  # what of a run's configuration its generator is used with
GRAPHS: dict[str, tuple[str, Callable[[Graph, Path], float]]] = {
    "onnx": ("generator.onnx", onnx.write),
    "torch": ("generator.pt2", program.write),
}
FORMATS = ("safetensors", *GRAPHS)


def main() -> None:
    """Export as the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.export",
        description="Write a trained generator in forms that run no code when they are read.",
    )
    parser.add_argument("checkpoint", help="a checkpoint, or a run's folder, which stands for its best")
    parser.add_argument("--out", type=Path, default=Path("exported"), help="a folder (default: %(default)s)")
    parser.add_argument(
        "--formats",
        nargs="+",
        choices=FORMATS,
        help="safetensors: weights, for gan.load; onnx: for onnxruntime and browsers, with pip install -e '.[export]'; "
        "torch: for torch.export.load (default: all that can be written here)",
    )
    parser.add_argument("--no-ema", action="store_true", help="the generator's last weights, not their average")
    args = parser.parse_args()
    formats = args.formats or [form for form in FORMATS if form != "onnx" or onnx.available()]
    if "onnx" in formats and not onnx.available():
        raise UserError("--formats onnx needs packages: pip install -e '.[export]'")

    generator = TrainedGenerator(args.checkpoint, use_ema=not args.no_ema, device="cpu")
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for line in export(generator, args.out, formats):
            print(line, flush=True)
        if args.formats is None and "onnx" not in formats:
            print("Left out generator.onnx, which needs packages: pip install -e '.[export]'")
    except OSError as error:
        raise UserError(f"--out {args.out}: {error}") from error


def export(generator: TrainedGenerator, folder: Path, formats: Sequence[str]) -> Iterator[str]:
    """Write a generator's files, each whole or not at all.

    Args:
        generator: On the CPU.
        folder: Where the files go.
        formats: Some of ``safetensors``, ``onnx`` and ``torch``.

    Yields:
        What there is to say of each file, and in the end how to use the first.

    Raises:
        UserError: If a file cannot be written, or does not make the generator's images.
    """
    if "safetensors" in formats:
        for path in write_weights(generator, folder / weights.WEIGHTS):
            yield f"Wrote    {path}, {_size(path)}"
    graphs = {folder / name: write for form, (name, write) in GRAPHS.items() if form in formats}
    graph = None
    for path, write in graphs.items():
        print(f"Writing  {path} ...", file=sys.stderr, flush=True)
        graph = graph or Graph(generator)
        difference = write(graph, path)
        yield f"Wrote    {path}, {_size(path)}; its images differ from the generator's own by at most {difference:.1g}"
    yield f"Use      {_usage(generator, folder, formats)}"


def write_weights(generator: TrainedGenerator, path: Path) -> list[Path]:
    """Write a generator's weights and what they are of; return both files."""
    config = plain(OmegaConf.create(generator.config))
    description = weights.Description(
        config={name: config[name] for name in CONFIG if name in config},
        global_step=generator.global_step,
        use_ema=generator.use_ema and generator.model.ema is not None,
        image_shape=generator.image_shape,
        latent_dim=generator.model.latent_dim,
        latent=generator.model.latent,
        num_classes=generator.num_classes,
        versions=versions(),
    )
    with generator.model.inference_network(generator.use_ema) as network:
        return weights.write(network.state_dict(), description, path)


def _usage(generator: TrainedGenerator, folder: Path, formats: Sequence[str]) -> str:
    labels = generator.num_classes > 1
    if "safetensors" in formats:
        return f'import gan; images = gan.load("{folder}").sample(16)'
    if "onnx" in formats:
        inputs = '{"z": z, "labels": labels}' if labels else '{"z": z}'
        return f'images = onnxruntime.InferenceSession("{folder / GRAPHS["onnx"][0]}").run(None, {inputs})[0]'
    inputs = "z, labels" if labels else "z"
    return f'images = torch.export.load("{folder / GRAPHS["torch"][0]}").module()({inputs})'


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"


if __name__ == "__main__":
    cli.run(main)
