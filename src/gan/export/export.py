"""Export of a generator to a folder: its weights, and graphs, which are verified before they replace a file."""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gan.checkpoint import exported
from gan.checkpoint.trained import TrainedGenerator
from gan.checkpoint.translation import Direction
from gan.data.sequences import SequenceDataModule
from gan.data.unpaired_text import UnpairedText
from gan.data.vectors import WordVectorModule
from gan.errors import UserError
from gan.export import onnx, program
from gan.export.graph import Graph
from gan.export.translation import TranslationGraph
from gan.host import versions
from gan.runs.folder import EXPORTED_WEIGHTS

__all__ = ["FORMATS", "check_formats", "export"]

CONFIG_NODES = ("model", "data", "metric")  # parts of the run's configuration that using the generator needs
GRAPHS: dict[str, tuple[str, Callable[[Graph, Path], float]]] = {
    "onnx": ("generator.onnx", onnx.write),
    "torch": ("generator.pt2", program.write),
}
FORMATS = ("safetensors", *GRAPHS)


def export(
    generator: TrainedGenerator,
    folder: Path,
    formats: Sequence[str],
    direction: Direction = "AtoB",
    noise: bool = True,
) -> Iterator[str]:
    """Write a generator's files atomically.

    Args:
        generator: The generator, on the CPU.
        folder: Folder of the files.
        formats: Any of ``safetensors``, ``onnx`` and ``torch``.
        direction: Direction of the graphs of a generator that translates images.
        noise: Whether these graphs have noise, such as dropout, if the model has it at sampling.

    Yields:
        A message for each file, and finally a line of code that uses the first.

    Raises:
        UserError: If a file cannot be written, or does not reproduce the generator's images.
    """
    formats = check_formats(generator, formats)
    if "safetensors" in formats:
        for path in write_weights(generator, folder / EXPORTED_WEIGHTS):
            yield f"Wrote    {path}, {_size(path)}"
    graphs = {folder / name: write for form, (name, write) in GRAPHS.items() if form in formats}
    graph = None
    for path, write in graphs.items():
        print(f"Writing  {path} ...", file=sys.stderr, flush=True)
        graph = graph or _graph(generator, direction, noise)
        error = write(graph, path)
        yield f"Wrote    {path}, {_size(path)}; maximum difference from the generator's images: {error:.1g}"
    if graph is not None and graph.sizes is not None:
        yield f"Sizes    {graph.sizes}"
    yield f"Use      {_usage(generator, folder, formats)}"


def check_formats(generator: TrainedGenerator, formats: Sequence[str] | None) -> list[str]:
    """Return the formats to export a generator in: those that are passed, or, for None, all that it has.

    Raises:
        UserError: If it does not have one of them.
    """
    supported = ["safetensors"] if isinstance(generator.data, SequenceDataModule) else list(FORMATS)
    if unsupported := set(formats or ()).difference(supported):
        raise UserError(
            f"{generator.path} generates {generator.data.noun}, and is not exported as {min(unsupported)}: "
            f"use --formats {' '.join(supported)}"
        )
    return supported if formats is None else list(formats)


def write_weights(generator: TrainedGenerator, path: Path) -> list[Path]:
    """Write a generator's weights and their description; return both paths."""
    description = exported.Description(
        config={name: generator.config[name] for name in CONFIG_NODES if name in generator.config},
        global_step=generator.global_step,
        use_ema=generator.use_ema,
        image_shape=generator.image_shape,
        latent_dim=generator.model.latent_dim,
        latent=generator.model.latent,
        num_classes=generator.num_classes,
        versions=versions(),
    )
    with generator.model.inference_network(generator.use_ema) as network:
        return exported.write(network.state_dict(), description, path)


def _graph(generator: TrainedGenerator, direction: Direction, noise: bool) -> Graph:
    if not generator.translates:
        return Graph(generator)
    return TranslationGraph(generator, generator.translator(direction=direction, noise=noise))


def _usage(generator: TrainedGenerator, folder: Path, formats: Sequence[str]) -> str:
    if "safetensors" in formats:
        if isinstance(generator.data, UnpairedText):
            return f'import gan; lines = gan.load("{folder}").translate_lines(["a sentence"])'
        if isinstance(generator.data, SequenceDataModule):
            return f'import gan; lines = gan.load("{folder}").texts(16)'
        if isinstance(generator.data, WordVectorModule):
            return f'import gan; lines = gan.load("{folder}").translate_words(["word"])'
        method = 'translate("photo.png")' if generator.translates else "sample(16)"
        return f'import gan; images = gan.load("{folder}").{method}'
    inputs = ["source"] if generator.translates else ["z", "labels"] if generator.num_classes > 1 else ["z"]
    if isinstance(generator.data, WordVectorModule):
        inputs = ["condition"]
    if "onnx" in formats:
        named = ", ".join(f'"{name}": {name}' for name in inputs)
        return f'images = onnxruntime.InferenceSession("{folder / GRAPHS["onnx"][0]}").run(None, {{{named}}})[0]'
    return f'images = torch.export.load("{folder / GRAPHS["torch"][0]}").module()({", ".join(inputs)})'


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"
