"""Reading checkpoints: from one file, which may come from anyone, to a model that is ready to sample."""

from pathlib import Path
from typing import Any, TypeVar

import torch
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from torch import Tensor, nn

from gan.checkpoint import exported as weights
from gan.checkpoint.trust import check_trusted
from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.instantiate import build
from gan.models.trainable import Trainable

PARTS = {"config": dict, "state_dict": dict, "global_step": int, "batches_seen": int}

__all__ = ["data_of", "load_weights", "read", "restore"]

Part = TypeVar("Part")


def read(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint without running anything that it holds.

    Args:
        path: A checkpoint; a run's folder, which stands for its best, or its last where nothing was scored; or weights
            that ``gan.export`` wrote, or their folder, which have ``exported`` in place of ``state_dict``.

    Raises:
        UserError: If there is none, it is damaged, not of this project, or asks for foreign code.
    """
    path = Path(path)
    found = weights.find(path)
    checkpoint = _read(path) if found is None else _read_exported(found)
    if not all(isinstance(checkpoint["config"].get(part), dict) for part in ("model", "data")):
        raise UserError(f"{path} is no checkpoint of this project (its configuration has no model, or no data)")
    check_trusted(checkpoint["config"])
    try:
        resolved = OmegaConf.to_container(OmegaConf.create(checkpoint["config"]), resolve=True)
    except OmegaConfBaseException as error:
        raise UserError(f"{path}: its configuration is damaged ({str(error).splitlines()[0]})") from error
    check_trusted(resolved)  # an interpolation can bring a target too
    return checkpoint


def restore(checkpoint: dict[str, Any], path: str | Path, use_ema: bool = True) -> Trainable:
    """Rebuild a model from what ``read`` returned, in evaluation mode on the CPU.

    Of exported weights, only the generator is rebuilt: it stands for its average, where it is that.

    Args:
        checkpoint: What ``read`` returned.
        path: Where it was read from, for messages.
        use_ema: Whether the generator's average will do.

    Raises:
        UserError: If the weights do not fit the configuration, or are none but the average, which will not do.
    """
    model = _built(checkpoint, "model", Trainable)  # type: ignore[type-abstract]  # its subclasses are built
    if "state_dict" not in checkpoint:
        state, description = checkpoint["exported"]
        _restore_exported(model, state, description, path, use_ema)
    else:
        load_weights(model, checkpoint, path)
    return model.eval()


def data_of(checkpoint: dict[str, Any]) -> ImageDataModule:
    """Build the data set that a checkpoint was trained on, from what ``read`` returned; nothing is loaded yet.

    Raises:
        UserError: If its configuration is of something else.
    """
    return _built(checkpoint, "data", ImageDataModule)  # type: ignore[type-abstract]  # its subclasses are built


def load_weights(model: Trainable, checkpoint: dict[str, Any], path: str | Path) -> None:
    """Give a model a checkpoint's weights.

    Raises:
        UserError: If they do not fit.
    """
    _fill(model, checkpoint["state_dict"], path)


def _built(checkpoint: dict[str, Any], part: str, kind: type[Part]) -> Part:
    try:
        built = build(OmegaConf.create(checkpoint["config"])[part])
    except (HydraException, TypeError) as error:
        raise UserError(f"the checkpoint's {part} cannot be built ({' '.join(str(error).split())[:200]})") from error
    if not isinstance(built, kind):
        raise UserError(f"the checkpoint's {part} is of another kind: {type(built).__name__}")
    return built


def _fill(network: nn.Module, state: dict[str, Tensor], path: str | Path) -> None:
    try:
        network.load_state_dict(state)
    except (RuntimeError, AttributeError) as error:  # the latter where a key is no name
        raise _misfit(error, path) from error


def _misfit(error: Exception, path: str | Path) -> UserError:
    reason = " ".join(str(error).split())[:200]
    return UserError(f"{path}: its weights do not fit its configuration ({reason})")


def _read(path: Path) -> dict[str, Any]:
    if path.is_dir():
        best, last = (path / "checkpoints" / name for name in ("best.ckpt", "last.ckpt"))
        path = best if best.is_file() or not last.is_file() else last
    if not path.is_file():
        raise UserError(f"no checkpoint at {path}")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a file that is cut short or holds code
        reason = _reason(error)
        raise UserError(f"{path} is damaged or no checkpoint of this project ({reason})") from error
    if not isinstance(checkpoint, dict) or any(
        not isinstance(checkpoint.get(key), kind) for key, kind in PARTS.items()
    ):
        raise UserError(f"{path} is no checkpoint of this project (it lacks one of {', '.join(PARTS)})")
    return checkpoint


def _reason(error: Exception) -> str:
    """Return what torch has against a file, without its advice, which is to run the code."""
    lines = str(error).rpartition("WeightsUnpickler error:")[2].splitlines()
    said = [line.strip() for line in lines if line.strip() and not line.startswith("Weights only load failed")]
    return said[0].partition(". ")[0][:120] if said else type(error).__name__


def _read_exported(path: Path) -> dict[str, Any]:
    state, description = weights.read(path)
    return {
        "config": description.config,
        "global_step": description.global_step,
        "exported": (state, description),
    }


def _restore_exported(
    model: Trainable, state: dict[str, Tensor], description: weights.Description, path: str | Path, use_ema: bool
) -> None:
    """Give a model its generator, and take from it what has no weights."""
    if description.use_ema and not use_ema:
        raise UserError(f"{path} holds the average of the generator's weights alone, not its last ones")
    for name in [name for name, _ in model.named_children() if name not in ("generator", "ema")]:
        delattr(model, name)
    if not description.use_ema:
        model.ema = None
    if model.ema is not None:
        model.generator = model.ema.network
    _fill(model.generator, state, path)
    try:
        shape = tuple(model.sample(1).shape[1:])
    except (RuntimeError, TypeError) as error:  # the generator is of another latent_dim, say
        raise _misfit(error, path) from error
    found = {"image_shape": shape} | {name: getattr(model, name) for name in ("latent_dim", "latent", "num_classes")}
    for name, value in found.items():
        if getattr(description, name) != value:
            raise UserError(
                f"{path}: its {name} is {value} by its configuration, {getattr(description, name)} beside it"
            )
