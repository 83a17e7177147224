"""End of a Hydra sweep: its folder, the command that compares its runs, and the runs that failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.experimental.callback import Callback
from hydra.plugins.config_source import ConfigLoadError
from omegaconf import DictConfig

from gan.errors import UserError
from gan.runs.folder import RunFolder, relative_to_cwd
from gan.runs.writing import write_text
from gan.shell import command_line

__all__ = ["SweepFolder", "let_searches_go_on", "note_failure", "summarized_sweep"]

NO_SCORE = "No trials are completed yet."  # Optuna's error for a search without a best trial

_started: list["_Sweep"] = []


def let_searches_go_on() -> None:
    """Let a search of Optuna's go on after a failed trial, unless ``hydra.sweeper.max_failure_rate`` is lowered."""
    Plugins.instance()  # imports the plugins, which store their configurations
    store = ConfigStore.instance()
    try:
        stored = store.load("hydra/sweeper/optuna.yaml")
    except ConfigLoadError:  # the plugin is not installed
        return
    stored.node.max_failure_rate = 1.0
    store.store(group="hydra/sweeper", name="optuna", node=stored.node, provider=stored.provider)


class SweepFolder(Callback):
    """Hydra callback that notes the folder of a sweep when it starts, for ``summarized_sweep``."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Note the folder."""
        _started.append(_Sweep(Path(config.hydra.sweep.dir)))


class _Sweep:
    """Folder of a sweep, which may hold runs of earlier ones.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.earlier = self._errors()

    def failures(self) -> list[Path]:
        """List the folders of runs that have failed since the sweep started."""
        return [path.parent for path, written in self._errors().items() if self.earlier.get(path) != written]

    def _errors(self) -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in sorted(self.folder.rglob(RunFolder(Path()).error.name))}


def note_failure(folder: Path, cause: str) -> None:
    """Write error.txt for a job of a sweep that failed before it was a run."""
    run = RunFolder(folder)
    if not (run.config.exists() or run.error.exists()):  # the run of an earlier sweep, or one that has ended
        write_text(run.error, f"{cause}\n")


@contextmanager
def summarized_sweep() -> Iterator[None]:
    """Print where the runs of a sweep are, and how to compare them, when it ends; a single run prints nothing here.

    Raises:
        UserError: If runs of a search failed, which does not end it, or none has a score.
    """
    _started.clear()
    try:
        yield
    except ValueError as error:
        if _started and str(error) == NO_SCORE:
            failed = _described_failures(_started[-1])
            raise UserError(f"no run of the search has a score{f': {failed}' if failed else ''}") from error
        raise
    finally:
        if _started:
            folder = str(relative_to_cwd(_started[-1].folder))
            print(f"\nSweep    {folder}\nCompare  {command_line(['python', '-m', 'gan.report', folder])}")
    if _started and (failed := _described_failures(_started[-1])):
        raise UserError(f"the sweep is complete, but {failed}")


def _described_failures(sweep: _Sweep) -> str:
    """Return how many runs failed, and the first with its error; nothing if none did."""
    failures = sweep.failures()
    if not failures:
        return ""
    first = failures[0]
    cause = RunFolder(first).error.read_text(encoding="utf-8", errors="replace").strip()
    runs = "a run" if len(failures) == 1 else f"{len(failures)} runs"
    return f"{runs} failed, the first in {relative_to_cwd(first)}: {cause}"
