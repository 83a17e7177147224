"""A generator as a graph, for any batch size, and how far from the generator itself another program that runs it is."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from io import StringIO
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.nn.utils import parametrize

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError, one_line

__all__ = ["Graph", "quiet", "written"]

TOLERANCE = 1e-4  # of a pixel, where images are in [-1, 1]
SIZES = (1, 5)  # batches that a graph is checked with; it is traced with another


class Graph:
    """A generator's graph.

    Args:
        generator: What it is of, on the CPU.

    Attributes:
        program: The graph; it takes z, with shape (B, latent_dim), and, where there are classes, labels, int64 with
            shape (B,), and returns images, with shape (B, C, H, W).
        batch: Which of each input's dimensions may have any size.

    Raises:
        UserError: If the generator does what no graph can express.
    """

    def __init__(self, generator: TrainedGenerator) -> None:
        self.generator = generator
        self.batch = tuple({0: Dim("batch")} for _ in self.inputs(2))
        with generator.model.inference_network(generator.use_ema) as network, quiet():
            try:
                self.program: ExportedProgram = torch.export.export(
                    plain_copy(network), tuple(self.inputs(2).values()), dynamic_shapes=self.batch
                )
            except Exception as error:  # torch raises what it likes for code that it cannot trace
                raise UserError(f"this generator cannot be traced ({one_line(error)[:200]})") from error

    def inputs(self, num: int) -> dict[str, Tensor]:
        """Return noise, the same for a number, and classes where there are any, by name."""
        inputs = {"z": self.generator.latents(num, seed=num)}
        if self.generator.num_classes > 1:
            inputs["labels"] = torch.arange(num) % self.generator.num_classes
        return inputs

    def difference(self, run: Callable[..., Tensor]) -> float:
        """Compare another program's images with the generator's own.

        Args:
            run: Takes what the graph takes, by position.

        Returns:
            The largest difference of a pixel.

        Raises:
            UserError: If it is above 1e-4, or shapes differ.
        """
        largest = 0.0
        for size in SIZES:
            inputs = tuple(self.inputs(size).values())
            wanted, found = self.generator(*inputs), run(*inputs)
            if found.shape != wanted.shape:
                raise UserError(f"it makes images of {tuple(found.shape)}, not {tuple(wanted.shape)}")
            difference = float((found - wanted).abs().max())
            if not difference <= TOLERANCE:  # nor is NaN
                raise UserError(f"its images differ from the generator's own by {difference:.2g}")
            largest = max(largest, difference)
        return largest


def plain_copy(network: nn.Module) -> nn.Module:
    """Copy a network for inference, its weights as they come out, such as of spectral norm, and as ordinary tensors."""
    copy = deepcopy(network).eval().requires_grad_(False)
    for module in copy.modules():
        if parametrize.is_parametrized(module):
            kind = type(module)  # shared with the original, which removal from the class would break
            module.__class__ = type(kind.__name__, kind.__bases__, dict(vars(kind)))
            parametrizations = module.parametrizations
            assert isinstance(parametrizations, nn.ModuleDict)
            for name in list(parametrizations):
                parametrize.remove_parametrizations(module, name)
    return copy.to(memory_format=torch.contiguous_format)


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Lend a path to write to and read back, which becomes ``path`` if nothing goes wrong.

    Raises:
        UserError: If something does, but for the disk.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with quiet():
            yield partial
        partial.replace(path)
    except OSError:
        raise
    except Exception as error:  # exporters raise what they like for what their format lacks
        raise UserError(f"{path} cannot be written: {one_line(error)[:200]}") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what exporters print, log and warn of from the user."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
