"""Traced graph of a generator, with a dynamic batch size, and its comparison with exported programs."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stderr, redirect_stdout
from copy import deepcopy
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.nn.utils import parametrize

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError, one_line
from gan.models.sampler import Sampler
from gan.runs.writing import atomic_path
from gan.types import GeneratorInput

__all__ = ["Graph", "atomic_export"]

TOLERANCE = 1e-4  # maximum difference of a pixel; images are in [-1, 1]
TRACED_SIZE = 2
CHECKED_SIZES = (1, 5)  # batch sizes of the comparison, other than the traced one


class Graph:
    """Traced graph of a generator.

    Args:
        generator: The generator, on the CPU.

    Attributes:
        program: The graph. It maps the tensors of a GeneratorInput, such as z, with shape (B, latent_dim), and, for
            generators with classes, labels, int64 with shape (B,), to images, with shape (B, C, H, W).
        dynamic_shapes: Dynamic dimensions of each input, such as the batch dimension.

    Raises:
        UserError: If the generator cannot be traced.
    """

    def __init__(self, generator: TrainedGenerator) -> None:
        self.generator = generator
        example = next(self.examples())
        inputs = tuple(self.used(example).values())
        self.dynamic_shapes = (tuple(self.dynamic_dimensions() for _ in inputs),)
        with self.network() as network, silenced(), self.tracing():
            try:
                self.program: ExportedProgram = torch.export.export(
                    self.module(plain_copy(network), example), inputs, dynamic_shapes=self.dynamic_shapes
                )
            except Exception as error:  # tracing raises many types
                if "Constraints violated (batch)" in str(error):
                    raise UserError(
                        "this generator cannot be traced for any batch size: a layer fixes it, as len(x) does; use "
                        "x.shape[0] in its place"
                    ) from error
                raise UserError(f"this generator cannot be traced ({one_line(error)[:200]})") from error

    @property
    def names(self) -> list[str]:
        """Names of the graph's inputs."""
        return list(self.used(self.example(1)))

    @property
    def sizes(self) -> str | None:
        """Sentence about the sizes of images that the graph takes; None if it takes no images."""
        return None

    def example(self, num: int) -> GeneratorInput:
        """Return the input of samples of the seed ``num``."""
        return self.generator.inputs(num, seed=num)

    def examples(self) -> Iterator[GeneratorInput]:
        """Yield the input that is traced, and those on which programs are compared, of other sizes."""
        yield from map(self.example, (TRACED_SIZE, *CHECKED_SIZES))

    def dynamic_dimensions(self) -> dict[int, Any]:
        """Return the dynamic dimensions of each input, by number."""
        return {0: Dim("batch")}

    def tracing(self) -> AbstractContextManager[None]:
        """Return a context with the settings of tracing."""
        return nullcontext()

    def network(self) -> AbstractContextManager[nn.Module]:
        """Return a context with the network that is exported, in evaluation mode."""
        return self.generator.model.inference_network(self.generator.use_ema)

    def module(self, network: nn.Module, example: GeneratorInput) -> nn.Module:
        """Return what is traced: a network as a function of the tensors that an input has."""
        return _Images(self.generator.model, network, example, list(self.used(example)))

    def images(self, inputs: GeneratorInput) -> Tensor:
        """Return the generator's images of an input."""
        return self.generator.generate(inputs)

    def used(self, inputs: GeneratorInput) -> dict[str, Tensor]:
        """Return the tensors that the generator uses, by name: labels only if there are classes."""
        unused = set() if self.generator.num_classes > 1 else {"labels"}
        return {name: value for name, value in inputs.tensors().items() if name not in unused}

    def difference(self, run: Callable[..., Tensor]) -> float:
        """Compare the images of an exported program with the generator's.

        Args:
            run: The program, with the graph's inputs as positional arguments.

        Returns:
            The maximum absolute difference of a pixel.

        Raises:
            UserError: If it exceeds 1e-4, or the shapes differ.
        """
        largest = 0.0
        for inputs in islice(self.examples(), 1, None):
            expected, actual = self.images(inputs), run(*self.used(inputs).values())
            if actual.shape != expected.shape:
                raise UserError(f"it generates images of shape {tuple(actual.shape)}, not {tuple(expected.shape)}")
            difference = float((actual - expected).abs().max())
            if not difference <= TOLERANCE:  # also true for NaN
                raise UserError(f"its images differ from the generator's by {difference:.2g}")
            largest = max(largest, difference)
        return largest


class _Images(nn.Module):
    """A generator's network as a function of tensors, to be traced.

    Args:
        model: The model, which runs the network.
        network: The network.
        example: An input, with fields for all tensors.
        names: Names of the tensors, in the order in which they are passed.
    """

    def __init__(self, model: Sampler, network: nn.Module, example: GeneratorInput, names: list[str]) -> None:
        super().__init__()
        self.run, self.network, self.example, self.names = model.run_generator, network, example, names

    def forward(self, *tensors: Tensor) -> Tensor:
        inputs = self.example.with_tensors(dict(zip(self.names, tensors, strict=True)))
        return self.run(self.network, inputs).images


def plain_copy(network: nn.Module) -> nn.Module:
    """Copy a network for inference, with parametrisations such as spectral norm folded into plain weights."""
    copy = deepcopy(network).eval().requires_grad_(False)
    for module in copy.modules():
        if parametrize.is_parametrized(module):
            cls = type(module)  # deepcopy shares the class with the original; removal would modify it
            module.__class__ = type(cls.__name__, cls.__bases__, dict(vars(cls)))
            parametrizations = module.parametrizations
            assert isinstance(parametrizations, nn.ModuleDict)
            for name in list(parametrizations):
                parametrize.remove_parametrizations(module, name)
    return copy.to(memory_format=torch.contiguous_format)


@contextmanager
def atomic_export(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write and verify, which replaces ``path`` on success.

    Raises:
        UserError: If an exporter or the verification fails.
        OSError: If the disk cannot be written.
    """
    try:
        with silenced(), atomic_path(path) as partial:
            yield partial
    except OSError:
        raise
    except Exception as error:  # exporters raise many types for unsupported operations
        raise UserError(f"{path} cannot be written: {one_line(error)[:200]}") from error


@contextmanager
def silenced() -> Iterator[None]:
    """Suppress the output, logs and warnings of exporters."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
