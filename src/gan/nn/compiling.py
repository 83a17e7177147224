"""Compilation of networks."""

import os
import sys
from shutil import which

import torch
from torch import nn

from gan.errors import UserError

__all__ = ["compile_calls"]


def compile_calls(*networks: nn.Module, device: torch.device) -> None:
    """Compile networks at their next call; ``forward``, called directly, stays uncompiled.

    Raises:
        UserError: If a C++ compiler is needed and not found.
    """
    compiler = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    if device.type == "cpu" and which(compiler) is None:
        raise UserError(f"model.compile=true needs a C++ compiler: install {compiler}, or set CXX to another")
    for network in networks:
        network.compile()
