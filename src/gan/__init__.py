"""Generative adversarial networks on PyTorch Lightning: networks, objectives, data and trainers that compose."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gan.checkpoint.trained import load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    """Import ``load`` on first use: importing torch takes seconds, and ``train.py --help`` does not need it."""
    if name != "load":
        raise AttributeError(f"module 'gan' has no attribute '{name}'")
    from gan.checkpoint.trained import load

    return load
