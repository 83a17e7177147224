"""Random numbers of every device drawn on the CPU, so that a game on a GPU can follow the same game on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

__all__ = ["DRAWING", "draw_on_cpu", "drawn_on_cpu"]

DRAWING = {"rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "native_dropout"}
DRAWING |= {"normal", "normal_", "uniform_", "bernoulli", "bernoulli_", "random_", "exponential_", "multinomial"}
"""Operators that draw; recurrent and attention layers, which may have dropout, run on the device."""

make_generator = torch.Generator


class Generator(make_generator):
    """Generator of random numbers on the CPU, whatever device is requested."""

    def __new__(cls, device: Any = "cpu") -> Self:
        assert torch.device(device).type in ("cpu", "cuda", "mps")
        return super().__new__(cls, "cpu")  # type: ignore[call-arg]  # the stub has an __init__ alone


class DrawnOnCPU(TorchDispatchMode):
    """Mode in which operators that draw random numbers run on the CPU; their results are moved to the device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        draws = func._schema.name.removeprefix("aten::") in DRAWING
        return draw_on_cpu(func, args, kwargs or {}) if draws else func(*args, **kwargs or {})


def draw_on_cpu(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operator on copies of its arguments on the CPU, and move what it returns or changes to the device."""
    tensors = [value for value in tree_flatten((args, kwargs))[0] if isinstance(value, Tensor)]
    device = tensors[0].device if tensors else torch.device(kwargs.get("device") or "cpu")
    copies, options = tree_map(lambda x: x.cpu() if isinstance(x, Tensor) else x, (args, kwargs))
    if options.get("device") is not None:
        options["device"] = torch.device("cpu")
    result = func(*copies, **options)
    if func._schema.name.endswith("_") and tensors:  # changes its first argument
        return args[0].copy_(copies[0])
    return tree_map(lambda x: x.to(device) if isinstance(x, Tensor) else x, result)


@contextmanager
def drawn_on_cpu() -> Iterator[None]:
    """Draw all random numbers of this thread on the CPU."""
    with pytest.MonkeyPatch.context() as patch, DrawnOnCPU():
        patch.setattr(torch, "Generator", Generator)
        yield
