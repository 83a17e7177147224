"""A generator's weights, in a file that holds nothing else, and beside it, as JSON, what rebuilds and samples it.

The JSON also has the hash of the weights: two files of two exports are thus no export, nor is a damaged one.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor

from gan.errors import UserError

__all__ = ["WEIGHTS", "Description", "find", "read", "write"]

FORMAT = 1
WEIGHTS = "generator.safetensors"


@dataclass(frozen=True)
class Description:
    """What weights are of.

    Attributes:
        config: The nodes ``model``, ``data`` and ``metric`` of the run's configuration, resolved.
        global_step: Generator updates that the weights have had.
        use_ema: Whether they are the moving average of the generator's.
        image_shape: Channels, height and width of an image.
        latent_dim: Length of the noise vector z.
        latent: Distribution of z: ``normal``, standard, or ``uniform``, on [-1, 1].
        num_classes: Number of classes that can be asked for; 1 where it takes none.
        versions: Of the packages that they were exported with.
    """

    config: dict[str, Any]
    global_step: int
    use_ema: bool
    image_shape: tuple[int, int, int]
    latent_dim: int
    latent: str
    num_classes: int
    versions: dict[str, str]


def find(path: Path) -> Path | None:
    """Return the weights that a path stands for, itself or a folder; None for a checkpoint, a run, or anything else."""
    if path.suffix == ".safetensors":
        return path
    found = path / WEIGHTS
    exported = found.is_file() or found.with_suffix(".json").is_file()
    return found if exported and not (path / "checkpoints").is_dir() else None


def write(weights: Mapping[str, Tensor], description: Description, path: Path) -> list[Path]:
    """Write weights, and their description beside them, each whole or not at all.

    Args:
        weights: By name.
        description: What they are of.
        path: A ``.safetensors``.

    Returns:
        Both files.
    """
    content = safetensors.save({name: value.cpu().contiguous() for name, value in weights.items()}, {"format": "pt"})
    text = json.dumps({"format": FORMAT, "sha256": sha256(content).hexdigest()} | asdict(description), indent=2) + "\n"
    files = {path: content, path.with_suffix(".json"): text.encode()}
    partials = {file: file.with_name(file.name + ".partial") for file in files}
    try:
        for file, partial in partials.items():
            partial.write_bytes(files[file])
        for file, partial in partials.items():
            partial.replace(file)
    finally:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
    return list(files)


def read(path: Path) -> tuple[dict[str, Tensor], Description]:
    """Read what ``write`` has written; what the description says is still to be checked.

    Raises:
        UserError: If a file is missing or damaged, or the two are not of one export.
    """
    beside = path.with_suffix(".json")
    if not path.is_file():
        raise UserError(f"no checkpoint at {path}")
    if not beside.is_file():
        raise UserError(f"{path} has no {beside.name} beside it, which says what its weights are of")
    digest, description = _description(beside)
    try:
        content = path.read_bytes()
        weights = safetensors.load(content)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} is damaged, or holds no weights ({error})") from error
    if sha256(content).hexdigest() != digest:
        raise UserError(f"{path} is damaged, or of another export than {beside.name}")
    return weights, description


def _description(path: Path) -> tuple[str, Description]:
    """Return the hash of the weights, and what they are."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({str(error).splitlines()[0]})") from error
    if not isinstance(facts, dict) or not isinstance(facts.get("format"), int):
        raise UserError(f"{path} is not of this project: it has no format number")
    if facts["format"] != FORMAT:
        raise UserError(f"{path} has format {facts['format']}, and this version of the project reads {FORMAT}")
    try:
        return str(facts.get("sha256")), TypeAdapter(Description).validate_python(facts)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise UserError(f"{path} is damaged ({'.'.join(map(str, wrong['loc']))}: {wrong['msg']})") from error
