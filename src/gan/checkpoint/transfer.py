"""Transfer: the start of a run from the weights of another one, as far as they fit."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from gan.checkpoint.reading import Checkpoint, read
from gan.errors import UserError, one_line
from gan.models.trainable import Trainable
from gan.runs.folder import from_start, relative_to_cwd

__all__ = ["Fit", "copy_fitting_weights", "transfer"]

log = logging.getLogger(__name__)

MOST_NAMED = 4  # weights per line


@dataclass(frozen=True)
class Fit:
    """Weights of a network that another run has too, and those of only one of the two, by name.

    Attributes:
        network: Name of the network.
        copied: Parameters that were copied.
        reshaped: Parameters of other shapes there, with both shapes.
        missing: Parameters that the other run lacks.
        unused: Parameters and buffers that only the other run has.
        has_weights: Whether a copied parameter is more than a vector, which may fit by chance.
    """

    network: str
    copied: list[str]
    reshaped: list[str]
    missing: list[str]
    unused: list[str]
    has_weights: bool

    def lines(self) -> Iterator[str]:
        """Yield a line for each kind of weights that do not fit."""
        kinds = {
            "new where shapes differ": self.reshaped,
            "new where that run has none": self.missing,
            "left out of that run": self.unused,
        }
        for kind, names in kinds.items():
            if names:
                more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
                yield f"{self.network}, {kind}: {', '.join(names[:MOST_NAMED])}{more}"


def transfer(model: Trainable, source: str) -> None:
    """Start a model from another run's weights, and log what fits and what does not.

    Networks are copied, and their moving average. Optimisers, the state of losses and of augmentation, and the count of
    updates start anew.

    Args:
        model: A new model.
        source: A run's folder, for its best checkpoint; a checkpoint; or exported weights, which have no discriminator.

    Raises:
        UserError: If there is no such run, or none of its weights fit.
    """
    checkpoint = read(from_start(Path(source)), kinds={})  # whose configuration builds nothing
    fits = copy_fitting_weights(model, checkpoint)
    if not any(fit.has_weights for fit in fits):
        raise UserError(
            f"init={source}: none of its weights fit this model, and it was trained with "
            f"{checkpoint.saved['model'].get('_target_')}: choose the model and sizes of that run"
        )
    counts = (f"{len(fit.copied)} of {len(fit.copied + fit.reshaped + fit.missing)}" for fit in fits)
    found = ", ".join(f"{fit.network} {count}" for fit, count in zip(fits, counts, strict=True))
    path = relative_to_cwd(checkpoint.path)
    log.info("Weights from %s, of generator update %d: %s", path, checkpoint.global_step, found)
    for fit in fits:
        for line in fit.lines():
            log.info("%s", line)


def copy_fitting_weights(model: Trainable, checkpoint: Checkpoint) -> list[Fit]:
    """Copy a checkpoint's weights whose names and shapes are those of a model, network by network.

    The moving average takes the generator's weights if the checkpoint has no average, and the reverse.

    Returns:
        What fits, for each network; it is the same for the generator and its average.

    Raises:
        UserError: If the weights cannot be copied.
    """
    states = _states(checkpoint)
    networks = {name.partition(".")[0] for name in _names_of_networks(model)}
    try:
        if model.ema is not None:
            _copy("ema", model.ema.network, states.get("ema") or states.get("generator", {}))
        return [_copy(name, child, states.get(name, {})) for name, child in model.named_children() if name in networks]
    except RuntimeError as error:  # such as complex weights
        raise UserError(f"{checkpoint.path}: its weights cannot be copied ({one_line(error)[:200]})") from error


def _names_of_networks(model: Trainable) -> list[str]:
    """Return the names of all players' networks in a model."""
    networks = {id(network) for networks in model.players().values() for network in networks}
    return [name for name, module in model.named_modules() if id(module) in networks]


def _states(checkpoint: Checkpoint) -> dict[str, dict[str, Tensor]]:
    """Return the weights of a checkpoint by the top-level module of its model; ``ema`` is the moving average."""
    if checkpoint.export is not None:
        return {"generator": checkpoint.export[0]}
    states: dict[str, dict[str, Tensor]] = {}
    for key, value in (checkpoint.state_dict or {}).items():
        part, _, name = str(key).partition(".")
        if isinstance(value, Tensor):
            states.setdefault(part, {})[name.removeprefix("network.") if part == "ema" else name] = value
    if "ema" in states:
        states.setdefault("generator", states["ema"])
    return states


@torch.no_grad()
def _copy(name: str, network: nn.Module, state: Mapping[str, Tensor]) -> Fit:
    """Copy the weights that fit into a network."""
    own = network.state_dict()
    parameters = {key for key, _ in network.named_parameters(remove_duplicate=False)}
    buffers = {key for key, _ in network.named_buffers(remove_duplicate=False)}
    tensors = {key: value for key, value in own.items() if key in parameters | buffers}  # without extra state
    fitting = [key for key, value in tensors.items() if key in state and state[key].shape == value.shape]
    network.load_state_dict({key: state[key] for key in fitting}, strict=False)
    return Fit(
        name,
        copied=[key for key in fitting if key in parameters],
        reshaped=[
            f"{key} ({_shape(value)}, there {_shape(state[key])})"
            for key, value in tensors.items()
            if key in state and key in parameters and key not in fitting
        ],
        missing=[key for key in tensors if key in parameters and key not in state],
        unused=[key for key in state if key not in own],
        has_weights=any(key in parameters and own[key].dim() > 1 for key in fitting),
    )


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"
