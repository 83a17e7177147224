"""Traced graph of a generator, with a dynamic batch size, and its comparison with exported programs."""

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
        dynamic_shapes: Dynamic dimensions of each input: the batch dimension.

    Raises:
        UserError: If the generator cannot be traced.
    """

    def __init__(self, generator: TrainedGenerator) -> None:
        self.generator = generator
        example = self.example(TRACED_SIZE)
        inputs = tuple(self.used(example).values())
        self.dynamic_shapes = (tuple({0: Dim("batch")} for _ in inputs),)
        with generator.model.inference_network(generator.use_ema) as network, silenced():
            try:
                self.program: ExportedProgram = torch.export.export(
                    _Images(generator.model, plain_copy(network), example, list(self.used(example))),
                    inputs,
                    dynamic_shapes=self.dynamic_shapes,
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

    def example(self, num: int) -> GeneratorInput:
        """Return the input of samples of the seed ``num``."""
        return self.generator.inputs(num, seed=num)

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
        for size in CHECKED_SIZES:
            inputs = self.example(size)
            expected, actual = self.generator.generate(inputs), run(*self.used(inputs).values())
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
