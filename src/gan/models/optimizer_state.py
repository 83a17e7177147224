"""Learning rates and options of optimisers: scheduled, restored from a checkpoint, or left to torch's schedulers."""

from collections.abc import Callable, Mapping
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from gan.errors import UserError

__all__ = ["build_scheduler", "restore_options", "set_learning_rates"]


def set_learning_rates(groups: list[dict[str, Any]], factor: float) -> None:
    """Multiply initial learning rates by a factor; a rate that a callback has changed keeps the ratio of the change."""
    for group in groups:
        scheduled = group.get("scheduled_lr", group["initial_lr"])
        if group["lr"] != scheduled:
            group["initial_lr"] = group["lr"] * (group["initial_lr"] / scheduled if scheduled else 1.0)
        group["lr"] = group["scheduled_lr"] = group["initial_lr"] * factor


def restore_options(group: dict[str, Any], options: Mapping[str, Any]) -> None:
    """Set a restored parameter group to a run's options; learning rates keep their ratio to the configured one."""
    configured = options["lr"]
    saved = group.get("configured_lr", group["initial_lr"])  # absent from earlier checkpoints
    for name in {"lr", "initial_lr", "scheduled_lr"} & group.keys():
        group[name] = configured if group[name] == saved else group[name] * (configured / saved)
    group.update({name: value for name, value in options.items() if name not in ("params", "lr", "initial_lr")})


def build_scheduler(schedule: Callable[..., LRScheduler], optimizer: Optimizer) -> LRScheduler:
    """Build one of torch's schedulers for an optimiser.

    Raises:
        UserError: If it rejects its arguments, or needs a score at each step.
    """
    try:
        scheduler = schedule(optimizer)
    except (ValueError, TypeError) as error:
        raise UserError(f"schedule: {error}") from error
    if isinstance(scheduler, ReduceLROnPlateau):
        raise UserError("schedule: ReduceLROnPlateau needs a score at each update, and scores are rarer: use another")
    return scheduler
