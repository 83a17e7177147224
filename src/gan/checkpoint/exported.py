"""Exported generators: weights as safetensors, beside a JSON description of how to rebuild and sample them.

The JSON also holds hashes of the weights and of itself, so that damaged files and files of different exports are
detected.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor

from gan.errors import UserError, first_problem
from gan.runs.writing import atomic_path

__all__ = ["Description", "read", "write"]

FORMAT = 2
DIGEST = "description_sha256"  # hash of all else in the JSON; absent from one that was edited by hand


@dataclass(frozen=True)
class Description:
    """Description of exported weights.

    Attributes:
        config: The nodes ``model``, ``data`` and ``metric`` of the run's configuration, resolved.
        global_step: Number of generator updates.
        use_ema: Whether the weights are the generator's moving average.
        image_shape: Channels, height and width of an image; length and vocabulary size of a sentence.
        latent_dim: Length of the latent vector z.
        latent: Distribution of z: standard ``normal``, or ``uniform`` on [-1, 1].
        num_classes: Number of classes; 1 for an unconditional generator.
        versions: Versions of the packages at export.
    """

    config: dict[str, Any]
    global_step: int
    use_ema: bool
    image_shape: tuple[int, ...]
    latent_dim: int
    latent: str
    num_classes: int
    versions: dict[str, str]


def write(weights: Mapping[str, Tensor], description: Description, path: Path) -> list[Path]:
    """Write weights and their description atomically.

    Args:
        weights: Tensors by name.
        description: Their description.
        path: Path of the ``.safetensors`` file.

    Returns:
        Both paths.
    """
    unshared = {name: value.cpu().contiguous().clone() for name, value in weights.items()}
    content = safetensors.save(unshared, {"format": "pt"})
    facts = {"format": FORMAT, "sha256": sha256(content).hexdigest()} | asdict(description)
    text = json.dumps(facts | {DIGEST: _digest(facts)}, indent=2) + "\n"
    files = {path: content, path.with_suffix(".json"): text.encode()}
    with ExitStack() as stack:
        for file, data in files.items():
            stack.enter_context(atomic_path(file)).write_bytes(data)
    return list(files)


def read(path: Path) -> tuple[dict[str, Tensor], Description]:
    """Read weights and their description, whose configuration is not yet checked for trust.

    Raises:
        UserError: If a file is missing or damaged, or the two belong to different exports.
    """
    beside = path.with_suffix(".json")
    if not path.is_file():
        raise UserError(f"no checkpoint at {path}")
    if not beside.is_file():
        raise UserError(f"{path} has no {beside.name} beside it, which describes its weights")
    digest, description = _description(beside)
    try:
        content = path.read_bytes()
        weights = safetensors.load(content)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} is damaged or holds no weights ({error})") from error
    if sha256(content).hexdigest() != digest:
        raise UserError(f"{path} is damaged or belongs to another export than {beside.name}")
    return weights, description


def _description(path: Path) -> tuple[str, Description]:
    """Return the hash of the weights, and their description."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({str(error).splitlines()[0]})") from error
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise UserError(f"{path} was not written by this project: it has no format number")
    if facts["format"] != FORMAT:
        raise UserError(f"{path} has format {facts['format']}, but this version reads {FORMAT}: export the run again")
    if facts.get(DIGEST, _digest(facts)) != _digest(facts):
        raise UserError(f"{path} is damaged, or was edited by hand: then delete its line {DIGEST}")
    try:
        return str(facts.get("sha256")), TypeAdapter(Description).validate_python(facts)
    except ValidationError as error:
        raise UserError(f"{path} is damaged ({first_problem(error)})") from error


def _digest(facts: Mapping[str, Any]) -> str:
    """Hash a description, without its own hash; equal values have equal hashes, however the file is laid out."""
    values = {name: value for name, value in facts.items() if name != DIGEST}
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
