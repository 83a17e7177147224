"""Traced graph of a translator: from source images to images as they are shown."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import torch
import torch.fx.experimental._config as tracing
from torch import Tensor, nn
from torch.export import Dim

from gan.checkpoint.trained import TrainedGenerator
from gan.checkpoint.translation import Translator
from gan.export.graph import CHECKED_SIZES, TRACED_SIZE, Graph
from gan.keyed_random import KeyedRandom
from gan.types import GeneratorInput

__all__ = ["TranslationGraph"]


class TranslationGraph(Graph):
    """Traced graph of a translator, whose only input is ``source``: images in [-1, 1], with shape (B, C, H, W).

    Height and width are dynamic, multiples of the divisor that the network names. They are those of training if it
    names none, or if there is noise of a given size, such as dropout masks: those of the translator's seed are part of
    the graph.

    Args:
        generator: The generator, on the CPU.
        translator: Its translation of images.

    Raises:
        UserError: If the generator cannot be traced.
    """

    def __init__(self, generator: TrainedGenerator, translator: Translator) -> None:
        self.translator = translator
        self.has_noise = bool(translator.inputs(torch.zeros(1, *translator.source_shape)).noise)
        self.divisor = None if self.has_noise else translator.divisor
        super().__init__(generator)

    @property
    def sizes(self) -> str:
        height, width = self.translator.source_shape[1:]
        if self.divisor is not None:
            return f"images of at least {width}x{height} pixels, in multiples of {self.divisor}"
        fixed = "; --no-noise leaves its dropout masks out, and takes others too" if self.has_noise else ""
        return f"images of {width}x{height} pixels{fixed}"

    def used(self, inputs: GeneratorInput) -> dict[str, Tensor]:
        assert isinstance(inputs.condition, Tensor)
        return {"source": inputs.condition}

    def example(self, num: int) -> GeneratorInput:
        return self._example(num, 1, 1)

    def examples(self) -> Iterator[GeneratorInput]:
        """Yield random source images: twice as large as in training, then of its size and of another one."""
        larger = (1, 1) if self.divisor is None else (2, 3)
        yield self._example(TRACED_SIZE, *larger)
        for number in CHECKED_SIZES:
            yield self._example(number, 1, 1)
        yield self._example(1, *reversed(larger))

    def dynamic_dimensions(self) -> dict[int, Any]:
        if self.divisor is None:
            return super().dynamic_dimensions()
        sizes = {
            axis: Dim(name, min=-(-trained // self.divisor))
            for axis, name, trained in zip((2, 3), ("height", "width"), self.translator.source_shape[1:], strict=True)
        }
        return super().dynamic_dimensions() | {
            axis: size if self.divisor == 1 else self.divisor * size for axis, size in sizes.items()
        }

    def tracing(self) -> AbstractContextManager[None]:
        """Return a context in which a height or width of 1 within the network is no special case."""
        return tracing.patch(backed_size_oblivious=True)  # type: ignore[attr-defined]  # set by torch at import

    def network(self) -> AbstractContextManager[nn.Module]:
        return self.translator.network()

    def module(self, network: nn.Module, example: GeneratorInput) -> nn.Module:
        assert isinstance(example.condition, Tensor)
        return _Translation(self.translator, network, example.condition[:1])

    def images(self, inputs: GeneratorInput) -> Tensor:
        assert isinstance(inputs.condition, Tensor)
        return self.translator(inputs.condition)

    def _example(self, num: int, rows: int, columns: int) -> GeneratorInput:
        """Return random source images, so many times as high and as wide as in training."""
        channels, height, width = self.translator.source_shape
        uniform = KeyedRandom(num, total=num).uniform(channels, rows * height, columns * width)
        return GeneratorInput(None, condition=2 * uniform - 1)


class _Translation(nn.Module):
    """A translator's network as a function of source images, to be traced.

    Args:
        translator: The translator.
        network: Its network.
        source: One source image of the size of noise.
    """

    def __init__(self, translator: Translator, network: nn.Module, source: Tensor) -> None:
        super().__init__()
        self.translator, self.network = translator, network
        self.shared = translator.inputs(source)._replace(condition=None)

    def forward(self, *tensors: Tensor) -> Tensor:
        (source,) = tensors
        inputs = self.shared.map(lambda x: x.expand(source.shape[0], *x.shape[1:]))._replace(condition=source)
        return self.translator.show(self.translator.model.run_generator(self.network, inputs).images, source)
