"""Hashes of tensors and of facts, by which weights, images and files are known again."""

from collections.abc import Iterable
from hashlib import sha256

from torch import Tensor

__all__ = ["digest", "digest_of_facts"]


def digest(tensors: Iterable[Tensor]) -> str:
    """Return a hash of tensors' types, shapes and values, as 64 hexadecimal digits."""
    found = sha256()
    for tensor in tensors:
        found.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.detach().cpu().contiguous().numpy().data)
    return found.hexdigest()


def digest_of_facts(*facts: object) -> str:
    """Return a hash of plain values, as 64 hexadecimal digits."""
    return sha256(repr(facts).encode()).hexdigest()
