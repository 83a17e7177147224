"""Trust: which classes a configuration from a file may name."""

import inspect
from typing import Any

from torch.optim import Optimizer

from gan.errors import UserError
from gan.instantiate import find_targets, import_target

__all__ = ["check_trusted"]


def check_trusted(config: Any) -> None:
    """Refuse a configuration that names anything but classes of this package and optimisers of ``torch.optim``.

    Only names that start with one of these two prefixes are imported.

    Raises:
        UserError: If there is another ``_target_``; the message names it.
    """
    for key, part in find_targets(config):
        name = str(part["_target_"])
        prefixed = name.startswith(("gan.", "torch.optim."))
        target = import_target(part, key) if prefixed else None
        if not (inspect.isclass(target) and (target.__module__.startswith("gan.") or issubclass(target, Optimizer))):
            raise UserError(f"the checkpoint asks for {name} (at {key}), which is not of this package: refused")
