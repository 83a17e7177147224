"""Generative adversarial networks on PyTorch Lightning: networks, objectives, data and trainers that compose."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gan.errors import UserError

if TYPE_CHECKING:
    from gan.api import compose, train
    from gan.checkpoint.trained import load

__all__ = ["UserError", "compose", "load", "train"]

MODULES = {"compose": "gan.api", "load": "gan.checkpoint.trained", "train": "gan.api"}


def __getattr__(name: str) -> Any:
    """Import a function on first use: importing torch takes seconds, and ``train.py --help`` does not need it."""
    if name not in MODULES:
        raise AttributeError(f"module 'gan' has no attribute '{name}'")
    return getattr(import_module(MODULES[name]), name)
