"""Reading checkpoints and exported weights, from untrusted files to models that are ready to sample."""

from pathlib import Path
from typing import Any

import torch
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from torch import Tensor, nn

from gan.checkpoint import exported
from gan.checkpoint.trust import check_trusted
from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.instantiate import build
from gan.models.trainable import Trainable
from gan.runs.folder import RunFolder, find_export

FORMAT = 2  # increment when class names or contents change incompatibly
PARTS = {"config": dict, "state_dict": dict, "global_step": int, "batches_seen": int}

__all__ = ["FORMAT", "data_of", "load_weights", "read", "restore"]


def read(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint without running any code in it.

    Args:
        path: A checkpoint; a run's folder, for its best checkpoint or its last if nothing was evaluated; or exported
            weights or their folder, which have the key ``exported`` in place of ``state_dict``.

    Returns:
        The checkpoint's contents, with the trusted configuration under ``config``.

    Raises:
        UserError: If it does not exist, is damaged, was not written by this project, or names code outside it.
    """
    path = Path(path)
    found = find_export(path)
    checkpoint = _read_checkpoint(path) if found is None else _read_exported(found)
    if not all(isinstance(checkpoint["config"].get(part), dict) for part in ("model", "data")):
        raise UserError(f"{path} is no checkpoint of this project (its configuration has no model, or no data)")
    check_trusted(checkpoint["config"])
    try:
        resolved = OmegaConf.to_container(OmegaConf.create(checkpoint["config"]), resolve=True)
    except OmegaConfBaseException as error:
        raise UserError(f"{path}: its configuration is damaged ({str(error).splitlines()[0]})") from error
    check_trusted(resolved)  # once more, as interpolations can expand to targets
    return checkpoint


def restore(checkpoint: dict[str, Any], path: str | Path, use_ema: bool = True) -> Trainable:
    """Rebuild a model from a checkpoint, in evaluation mode on the CPU.

    Exported weights rebuild the generator only. If they are its moving average, they serve as both.

    Args:
        checkpoint: Contents returned by ``read``.
        path: Path for messages.
        use_ema: Whether the generator's moving average is acceptable.

    Raises:
        UserError: If the weights do not fit the configuration, or only the moving average exists and ``use_ema`` is
            false.
    """
    model = _build_part(checkpoint, "model")
    if not isinstance(model, Trainable):
        raise _wrong_kind("model", Trainable, model)
    if "state_dict" not in checkpoint:
        state, description = checkpoint["exported"]
        _restore_exported(model, state, description, path, use_ema)
    else:
        load_weights(model, checkpoint, path)
    return model.eval()


def data_of(checkpoint: dict[str, Any]) -> ImageDataModule:
    """Build the data module of a checkpoint; no data is loaded yet.

    Raises:
        UserError: If the configuration is not that of a data module.
    """
    data = _build_part(checkpoint, "data")
    if not isinstance(data, ImageDataModule):
        raise _wrong_kind("data", ImageDataModule, data)
    return data


def load_weights(model: Trainable, checkpoint: dict[str, Any], path: str | Path) -> None:
    """Load a checkpoint's weights into a model.

    Raises:
        UserError: If they do not fit.
    """
    _load_state(model, checkpoint["state_dict"], path)


def _build_part(checkpoint: dict[str, Any], part: str) -> object:
    try:
        return build(OmegaConf.create(checkpoint["config"])[part])
    except (HydraException, TypeError) as error:
        raise UserError(f"the checkpoint's {part} cannot be built ({' '.join(str(error).split())[:200]})") from error


def _wrong_kind(part: str, kind: type, built: object) -> UserError:
    return UserError(f"the checkpoint's {part} is not a {kind.__name__} but a {type(built).__name__}")


def _load_state(network: nn.Module, state: dict[str, Tensor], path: str | Path) -> None:
    try:
        network.load_state_dict(state)
    except (RuntimeError, AttributeError) as error:  # AttributeError if a key is not a valid name
        raise _mismatch(error, path) from error


def _mismatch(error: Exception, path: str | Path) -> UserError:
    reason = " ".join(str(error).split())[:200]
    return UserError(f"{path}: its weights do not fit its configuration ({reason})")


def _read_checkpoint(path: Path) -> dict[str, Any]:
    if path.is_dir():
        path = RunFolder(path).preferred_checkpoint
    if not path.is_file():
        raise UserError(f"no checkpoint at {path}")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many types for files that are truncated or hold code
        reason = _reason(error)
        raise UserError(f"{path} is damaged or no checkpoint of this project ({reason})") from error
    if not isinstance(checkpoint, dict) or any(
        not isinstance(checkpoint.get(key), kind) for key, kind in PARTS.items()
    ):
        raise UserError(f"{path} is no checkpoint of this project (it lacks one of {', '.join(PARTS)})")
    if checkpoint.get("format") != FORMAT:
        raise UserError(f"{path} was written by another version of this project, and cannot be read: train again")
    return checkpoint


def _reason(error: Exception) -> str:
    """Return torch's reason without its advice, which is to load with ``weights_only=False``."""
    lines = str(error).rpartition("WeightsUnpickler error:")[2].splitlines()
    reasons = [line.strip() for line in lines if line.strip() and not line.startswith("Weights only load failed")]
    return reasons[0].partition(". ")[0][:120] if reasons else type(error).__name__


def _read_exported(path: Path) -> dict[str, Any]:
    state, description = exported.read(path)
    return {
        "config": description.config,
        "global_step": description.global_step,
        "exported": (state, description),
    }


def _restore_exported(
    model: Trainable, state: dict[str, Tensor], description: exported.Description, path: str | Path, use_ema: bool
) -> None:
    """Load exported weights into a model's generator, and remove the modules that have no weights."""
    if description.use_ema and not use_ema:
        raise UserError(f"{path} holds the moving average of the generator's weights only, not the last weights")
    for name in [name for name, _ in model.named_children() if name not in ("generator", "ema")]:
        delattr(model, name)
    if not description.use_ema:
        model.ema = None
    if model.ema is not None:
        model.generator = model.ema.network
    _load_state(model.generator, state, path)
    try:
        shape = tuple(model.sample(1).shape[1:])
    except (RuntimeError, TypeError) as error:  # such as a generator with another latent_dim
        raise _mismatch(error, path) from error
    found = {"image_shape": shape} | {name: getattr(model, name) for name in ("latent_dim", "latent", "num_classes")}
    for name, value in found.items():
        if getattr(description, name) != value:
            raise UserError(
                f"{path}: {name} is {value} by its configuration, but {getattr(description, name)} by its description"
            )
