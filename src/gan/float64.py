"""Double precision on every device: Apple's GPUs (MPS) have none, and lack most matrix decompositions."""

import torch
from torch import Tensor

__all__ = ["float64_device", "to_float64"]


def float64_device(device: torch.device) -> torch.device:
    """Return the device for float64 and decompositions of a device's tensors: the CPU for MPS, otherwise the same."""
    return torch.device("cpu") if device.type == "mps" else device


def to_float64(tensor: Tensor) -> Tensor:
    """Convert a tensor to float64, and move it to the CPU if its device has no float64."""
    return tensor.to(float64_device(tensor.device)).double()
