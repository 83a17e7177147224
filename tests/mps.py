"""Stand-in for an Apple GPU: tensors that claim to be on MPS, are computed on the CPU, and refuse what MPS lacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map

__all__ = ["MPS", "MPSTensor", "stand_in_for_mps"]

MPS = torch.device("mps", 0)
ABSENT = {"special_ndtri", "linalg_qr", "geqrf", "_linalg_svd", "_linalg_eigh"}
MIXABLE = {"copy_", "index", "index_put_"}  # operators that take tensors of the CPU beside those of another device
make_tensor, make_generator = torch.tensor, torch.Generator  # a dispatch mode does not see them


class MPSTensor(Tensor):
    """Tensor on the stand-in; ``held`` is its content on the CPU. PyTorch's C++ code takes its device to be meta."""

    held: Tensor

    @staticmethod
    def __new__(cls: type[Self], held: Tensor) -> "MPSTensor":
        assert held.dtype not in (torch.float64, torch.complex128), "MPS has no float64"
        layout = {"strides": held.stride(), "storage_offset": held.storage_offset(), "dtype": held.dtype}
        wrapper: MPSTensor = torch.Tensor._make_wrapper_subclass(cls, held.shape, device="meta", **layout)
        wrapper.held = held
        return wrapper

    @property
    def device(self) -> torch.device:  # type: ignore[override]  # the claim
        return MPS

    def __repr__(self) -> str:  # type: ignore[override]  # without its argument
        return f"MPSTensor({self.held})"

    def __getitem__(self, index: Any) -> Any:
        """Index by a list as by a tensor; PyTorch would create one on the device meta, without content."""
        return super().__getitem__(make_tensor(index) if isinstance(index, list) else index)

    def tolist(self) -> Any:
        return self.held.tolist()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Save the content as a tensor on the CPU."""
        return self.held.__reduce_ex__(protocol)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]  # as PyTorch calls it
        return dispatch(func, args, kwargs or {})


class Factories(TorchDispatchMode):
    """Mode that creates tensors on the stand-in when ``device="mps"`` is passed."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return dispatch(func, args, kwargs or {})


def dispatch(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Run an operator on the CPU, and wrap its results if they belong on the stand-in."""
    name = func._schema.name.removeprefix("aten::")
    tensors = [value for value in tree_flatten((args, kwargs))[0] if isinstance(value, Tensor)]
    to_mps = any(isinstance(value, MPSTensor) for value in tensors)
    assert all(isinstance(value, MPSTensor) or not value.is_meta for value in tensors), (
        f"{name}: a tensor has no content"
    )
    if to_mps:
        assert name not in ABSENT, f"MPS has no {name}"
        assert name in MIXABLE or all(isinstance(x, MPSTensor) or x.dim() == 0 for x in tensors), (
            f"{name} mixes devices"
        )
    if name == "_adaptive_avg_pool2d" and to_mps:
        assert not any(size % part for size, part in zip(args[0].shape[2:], args[1], strict=True)), "uneven pooling"
    if kwargs.get("device") is not None:
        to_mps = torch.device(kwargs["device"]).type in ("mps", "meta")
        kwargs = kwargs | {"device": torch.device("cpu")}
    result = func(*tree_map(unwrap, args), **tree_map(unwrap, kwargs))
    return return_and_correct_aliasing(func, args, kwargs, tree_map(wrap, result)) if to_mps else result


def unwrap(value: Any) -> Any:
    return value.held if isinstance(value, MPSTensor) else value


def wrap(value: Any) -> Any:
    return MPSTensor(value) if isinstance(value, Tensor) else value


class Generator(make_generator):  # type: ignore[misc,valid-type]  # the class before it is replaced
    """Generator of random numbers on the CPU, whatever device is requested."""

    def __new__(cls, device: Any = "cpu") -> Self:
        assert torch.device(device).type in ("cpu", "mps")
        return super().__new__(cls, "cpu")


@contextmanager
def stand_in_for_mps() -> Iterator[None]:
    """Let ``torch.device("mps")`` work in this process."""

    def tensor(*args: Any, device: Any = "cpu", **options: Any) -> Tensor:
        return make_tensor(*args, **options).to(device or "cpu")

    with pytest.MonkeyPatch.context() as patch, Factories():
        patch.setattr(torch, "Generator", Generator)
        patch.setattr(torch, "tensor", tensor)
        patch.setattr(torch.mps, "manual_seed", lambda _: None)
        patch.setattr("lightning_fabric.accelerators.mps.MPSAccelerator.is_available", staticmethod(lambda: True))
        yield
