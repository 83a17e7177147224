"""SHA-256 digests of tensors and plain values, used as cache keys and fingerprints."""

from collections.abc import Iterable
from hashlib import sha256

from torch import Tensor

__all__ = ["digest", "digest_of_values"]


def digest(tensors: Iterable[Tensor]) -> str:
    """Hash the dtypes, shapes and values of tensors; return 64 hexadecimal digits."""
    result = sha256()
    for tensor in tensors:
        result.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        result.update(tensor.detach().cpu().contiguous().numpy().data)
    return result.hexdigest()


def digest_of_values(*values: object) -> str:
    """Hash the ``repr`` of plain values; return 64 hexadecimal digits."""
    return sha256(repr(values).encode()).hexdigest()
