"""Trust: the classes that a configuration from a file may name.

They are this package's, layers of ``torch.nn``, optimisers and schedules of ``torch.optim``, LIGHTNING_CLASSES, and
those of packages that a call trusts, each under the name of the module that defines it.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gan.config import CONF
from gan.errors import UserError

__all__ = ["OWN", "Trust", "UntrustedError", "find_class", "local_trust", "named_targets"]

OWN = {"gan": (object,), "torch.nn": (nn.Module,), "torch.optim": (Optimizer, LRScheduler)}
"""Packages whose classes need no trust, and the kinds of class that may be named."""
LIGHTNING_CLASSES = {
    "pytorch_lightning.callbacks": (
        *("DeviceStatsMonitor", "EarlyStopping", "LearningRateMonitor", "ModelCheckpoint", "ModelSummary"),
        *("RichModelSummary", "RichProgressBar", "ThroughputMonitor", "Timer", "TQDMProgressBar"),
    ),
    "pytorch_lightning.loggers": ("CSVLogger", "MLFlowLogger", "TensorBoardLogger", "WandbLogger"),
}


class UntrustedError(UserError):
    """A file names a class of a package that this call does not trust.

    Attributes:
        package: The package.
    """

    def __init__(self, message: str, package: str) -> None:
        super().__init__(message)
        self.package = package


@dataclass(frozen=True)
class Trust:
    """Trust in classes outside this package, given by a call and never by a file.

    Attributes:
        packages: Packages whose classes may be named.
        targets: Classes that the local configuration or the command line names.
    """

    packages: tuple[str, ...] = ()
    targets: frozenset[str] = field(default_factory=frozenset)

    def covers(self, name: str) -> bool:
        """Return whether a target is trusted."""
        return name in self.targets or any(name.startswith(f"{package}.") for package in self.packages)


def local_trust(packages: Iterable[str] = (), folders: Iterable[Path] = (CONF,)) -> Trust:
    """Return trust in packages, and in the classes that the YAML files of local configuration folders name."""
    packages = [packages] if isinstance(packages, str) else list(packages)
    for package in packages:
        if not isinstance(package, str) or not re.fullmatch(r"[A-Za-z_]\w*(\.\w+)*", package):
            raise UserError(f"trust={package}: name a package, such as trust=[mypkg] or --trust mypkg")
    return Trust(tuple(packages), frozenset().union(*(_targets_in(folder) for folder in folders)))


def named_targets(config: Any) -> Iterator[str]:
    """Yield each ``_target_`` in a plain configuration."""
    if isinstance(config, Mapping):
        if isinstance(config.get("_target_"), str):
            yield config["_target_"]
        config = list(config.values())
    if isinstance(config, list):
        for value in config:
            yield from named_targets(value)


def find_class(name: Any, key: str, trust: Trust) -> type:
    """Import the class that a target names, from a package that needs no trust or is trusted.

    Raises:
        UserError: If it is of another package, does not exist, or is no class that is defined under that name.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", name):
        raise UserError(f"the checkpoint asks for {name!r:.80} (at {key}), which names no class: refused")
    asked = f"the checkpoint asks for {name:.80} (at {key})"
    module, _, attribute = name.rpartition(".")
    package = next((package for package in OWN if name.startswith(f"{package}.")), None)
    if package is None and attribute not in LIGHTNING_CLASSES.get(module, ()) and not trust.covers(name):
        top = name.partition(".")[0]
        raise UntrustedError(
            f"{asked}, which is not of this package: refused; if you trust {top}, say so: --trust {top}, or for "
            f"train.py 'trust=[{top}]'",
            top,
        )
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(f"{key}._target_: cannot find {name} ({str(error).splitlines()[0]})") from error
    if not inspect.isclass(found):
        raise UserError(f"{asked}, which is no class: refused")
    defined = found.__module__
    if found.__qualname__ != attribute or not (defined == module or defined.startswith(f"{module}.")):
        raise UserError(f"{asked}, which is defined elsewhere, in {defined}: refused")
    if package is not None and not issubclass(found, OWN[package]) and not trust.covers(name):
        kinds = " or ".join(kind.__name__ for kind in OWN[package])
        raise UserError(f"{asked}, which is no {kinds}: refused")
    return found


@cache
def _targets_in(folder: Path) -> frozenset[str]:
    """Return the targets that the YAML files below a folder name."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in folder.rglob("*.yaml"))
    return frozenset(name for text in texts for name in re.findall(r"^\s*_target_:\s*([\w.]+)", text, re.MULTILINE))
