"""Reading checkpoints and exported weights, from untrusted files to models that are ready to sample.

Nothing in a file is executed, and nothing is built from its configuration but what ``gan.checkpoint.accept`` accepts.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn

from gan.checkpoint import exported
from gan.checkpoint.accept import Kinds, accept
from gan.checkpoint.contents import read_contents
from gan.checkpoint.trust import Trust
from gan.checkpoint.whole import newest_whole
from gan.data.module import DataModule
from gan.errors import UserError, one_line
from gan.instantiate import build
from gan.models.trainable import Trainable
from gan.runs.folder import RunFolder, find_export, run_folder_of
from gan.substitution import substitute
from gan.tensor_file import DamagedError

SAMPLED: Kinds = {"model": Trainable, "data": DataModule}
"""Parts that sampling builds."""

__all__ = ["SAMPLED", "Checkpoint", "build_part", "data_of", "load_weights", "read", "restore"]


@dataclass(frozen=True)
class Checkpoint:
    """Contents of a checkpoint, or of exported weights.

    Attributes:
        path: Its path, for messages.
        saved: Configuration as in the file, with references to keys. It is not checked: ``accept`` does that.
        config: Accepted configuration, without references.
        global_step: Number of generator updates.
        state_dict: Weights of the model; None for an export.
        export: Weights of the generator and their description; None for a checkpoint.
    """

    path: Path
    saved: dict[str, Any]
    config: dict[str, Any]
    global_step: int
    state_dict: dict[str, Tensor] | None = None
    export: tuple[dict[str, Tensor], exported.Description] | None = None


def read(path: str | Path, trust: Trust | None = None, kinds: Kinds = SAMPLED) -> Checkpoint:
    """Read a checkpoint without running any code in it.

    Args:
        path: A checkpoint; a run's folder, for its best checkpoint or its last if nothing was evaluated; or exported
            weights or their folder.
        trust: Whom this call trusts beside this package; None trusts nobody.
        kinds: The parts to be built, which are checked.

    Raises:
        UserError: If it does not exist, is damaged, was not written by this project, or is refused.
    """
    path = Path(path)
    found = find_export(path)
    contents: dict[str, Any] = _read_checkpoint(path) if found is None else _read_exported(found)
    saved = contents["config"]
    if not all(isinstance(saved.get(part), dict) for part in ("model", "data")):
        raise UserError(f"{path} is no checkpoint of this project (its configuration has no model, or no data)")
    config = substitute(accept(saved, kinds, trust or Trust()))
    return Checkpoint(path, saved, config, contents["global_step"], contents.get("state_dict"), contents.get("export"))


def build_part(config: dict[str, Any], key: str) -> Any:
    """Build a part of an accepted configuration.

    Raises:
        UserError: If it cannot be built.
    """
    node = OmegaConf.select(OmegaConf.create(substitute(config)), key)
    if not isinstance(node, DictConfig):
        raise UserError(f"the checkpoint's configuration has no {key}")
    try:
        return build(node)
    except Exception as error:  # of any kind, since a file may give a constructor any values
        if isinstance(error, UserError):
            raise
        raise UserError(f"the checkpoint's {key} cannot be built ({one_line(error)[:200]})") from error


def restore(checkpoint: Checkpoint, use_ema: bool = True) -> Trainable:
    """Rebuild a model from a checkpoint, in evaluation mode on the CPU.

    Exported weights rebuild the generator only. If they are its moving average, they serve as both.

    Args:
        checkpoint: The checkpoint.
        use_ema: Whether the generator's moving average is acceptable.

    Raises:
        UserError: If the weights do not fit the configuration, or only the moving average exists and ``use_ema`` is
            false.
    """
    model: Trainable = build_part(checkpoint.config, "model")
    if checkpoint.export is not None:
        state, description = checkpoint.export
        _restore_exported(model, state, description, checkpoint.path, use_ema)
    else:
        load_weights(model, checkpoint)
    return model.eval()


def data_of(checkpoint: Checkpoint) -> DataModule:
    """Build the data module of a checkpoint; no data is loaded yet."""
    data: DataModule = build_part(checkpoint.config, "data")
    return data


def load_weights(model: Trainable, checkpoint: Checkpoint) -> None:
    """Load a checkpoint's weights into a model.

    Raises:
        UserError: If they do not fit.
    """
    assert checkpoint.state_dict is not None
    _load_state(model, checkpoint.state_dict, checkpoint.path)


def _load_state(network: nn.Module, state: dict[str, Tensor], path: str | Path) -> None:
    try:
        network.load_state_dict(state)
    except (RuntimeError, AttributeError) as error:  # AttributeError if a key is not a valid name
        raise _mismatch(error, path) from error


def _mismatch(error: Exception, path: str | Path) -> UserError:
    reason = " ".join(str(error).split())[:200]
    return UserError(f"{path}: its weights do not fit its configuration ({reason})")


def _read_checkpoint(path: Path) -> dict[str, Any]:
    run = run_folder_of(path)
    if path.is_dir():
        path = RunFolder(path).preferred_checkpoint
    try:
        return read_contents(path)
    except DamagedError as error:  # another one is not read in its place, since its samples and scores are others
        if run is None:
            raise
        whole = newest_whole(RunFolder(run))
        newest = f"the newest whole one is {whole.path}, of generator update {whole.step}" if whole else "none is whole"
        raise UserError(f"{error}; {newest}") from error


def _read_exported(path: Path) -> dict[str, Any]:
    state, description = exported.read(path)
    return {
        "config": description.config,
        "global_step": description.global_step,
        "export": (state, description),
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
    found = {name: getattr(model, name) for name in ("latent_dim", "latent", "num_classes")}
    if not model.uses_condition:  # otherwise a sample needs the data set
        try:
            found["image_shape"] = tuple(model.sample(1).shape[1:])
        except (RuntimeError, TypeError) as error:  # such as a generator with another latent_dim
            raise _mismatch(error, path) from error
    for name, value in found.items():
        if getattr(description, name) != value:
            raise UserError(
                f"{path}: {name} is {value} by its configuration, but {getattr(description, name)} by its description"
            )
