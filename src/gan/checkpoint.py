"""Reading checkpoints: from one file, which may come from anyone, to a model that is ready to sample."""

from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gan.config import build, check_trusted
from gan.data.base import ImageDataModule
from gan.errors import UserError
from gan.models.gan import GAN

PARTS = {"config": dict, "state_dict": dict, "global_step": int, "critic_updates": int}

__all__ = ["data_of", "load_weights", "read", "restore"]


def read(path: str | Path) -> dict[str, Any]:
    """Read a checkpoint without running anything that it holds.

    Args:
        path: A checkpoint, or a run's folder, which stands for its best, or its last where nothing was scored.

    Raises:
        UserError: If there is none, it is damaged, not of this project, or asks for foreign code.
    """
    path = Path(path)
    if path.is_dir():
        best, last = (path / "checkpoints" / name for name in ("best.ckpt", "last.ckpt"))
        path = best if best.is_file() or not last.is_file() else last
    if not path.is_file():
        raise UserError(f"no checkpoint at {path}")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a file that is cut short or holds code
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise UserError(f"{path} is damaged or no checkpoint of this project ({reason})") from error
    if not isinstance(checkpoint, dict) or any(
        not isinstance(checkpoint.get(key), kind) for key, kind in PARTS.items()
    ):
        raise UserError(f"{path} is no checkpoint of this project (it lacks one of {', '.join(PARTS)})")
    if not isinstance(checkpoint["config"].get("model"), dict):
        raise UserError(f"{path} is no checkpoint of this project (its configuration has no model)")
    check_trusted(checkpoint["config"])
    try:
        resolved = OmegaConf.to_container(OmegaConf.create(checkpoint["config"]), resolve=True)
    except OmegaConfBaseException as error:
        raise UserError(f"{path}: its configuration is damaged ({str(error).splitlines()[0]})") from error
    check_trusted(resolved)  # an interpolation can bring a target too
    return checkpoint


def restore(checkpoint: dict[str, Any], path: str | Path) -> GAN:
    """Rebuild a model from what ``read`` returned, in evaluation mode on the CPU.

    Raises:
        UserError: If the weights do not fit the configuration.
    """
    model = build(OmegaConf.create(checkpoint["config"]).model)
    assert isinstance(model, GAN)
    load_weights(model, checkpoint, path)
    return model.eval()


def data_of(checkpoint: dict[str, Any]) -> ImageDataModule:
    """Build the data set that a checkpoint was trained on, from what ``read`` returned; nothing is loaded yet."""
    data = build(OmegaConf.create(checkpoint["config"]).data)
    assert isinstance(data, ImageDataModule)
    return data


def load_weights(model: GAN, checkpoint: dict[str, Any], path: str | Path) -> None:
    """Give a model a checkpoint's weights.

    Raises:
        UserError: If they do not fit.
    """
    try:
        model.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path}: its weights do not fit its configuration ({reason})") from error
