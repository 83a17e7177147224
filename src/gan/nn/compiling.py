"""Compiled networks."""

import os
import sys
from shutil import which

import torch
from torch import nn

from gan.errors import UserError

__all__ = ["compile_calls"]


def compile_calls(*networks: nn.Module, device: torch.device) -> None:
    """Let calls of networks be compiled at the first of each kind; their ``forward`` stays as it is.

    Raises:
        UserError: If there is no compiler.
    """
    compiler = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    if device.type == "cpu" and which(compiler) is None:
        raise UserError(f"model.compile=true needs a C++ compiler: install {compiler}, or set CXX to another")
    for network in networks:
        network.compile()
