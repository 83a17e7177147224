"""Training from Python: the same run as from the command line, in a script or a notebook."""

import base64
import html
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict

from gan.cli import explain
from gan.config import compose_config, project_hydra, read_arguments
from gan.errors import UserError
from gan.resolvers import register_resolvers
from gan.resume_options import admit_saved_options
from gan.runs.folder import RunFolder, relative_to_cwd

if TYPE_CHECKING:
    from pytorch_lightning import Callback
    from pytorch_lightning.loggers import Logger

__all__ = ["RunResults", "compose", "train"]


class RunResults(dict[str, Any]):
    """Contents of a run's results.json; a notebook shows the score and the last sample grid.

    Attributes:
        folder: Run folder: ``gan.load(results.folder)`` loads the best generator.
    """

    @property
    def folder(self) -> Path:
        """Run folder."""
        return Path(self["config"]["run_dir"])

    def __repr__(self) -> str:
        return f"RunResults({', '.join(f'{name}={value}' for name, value in self._facts().items())})"

    def _repr_html_(self) -> str:
        """Table of the main results and the last sample grid, for notebooks."""
        rows = (f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in self._facts().items())
        grids = RunFolder(self.folder).sample_grids(self["global_step"])[-1:]
        pictures = (base64.b64encode(grid.read_bytes()).decode() for grid in grids)
        images = (f'<img src="data:image/png;base64,{picture}" alt="samples">' for picture in pictures)
        texts = RunFolder(self.folder).sample_texts(self["global_step"])[-1:]
        lines = (f"<pre>{html.escape(text.read_text(encoding='utf-8'))}</pre>" for text in texts)
        return f"<table>{''.join(rows)}</table>{''.join([*images, *lines])}"

    def _facts(self) -> dict[str, str]:
        facts = {"folder": repr(str(relative_to_cwd(self.folder))), "global_step": str(self["global_step"])}
        if self["score"] is not None:
            facts |= {self["score_name"]: f"{self['score']:.4g}", "best_step": str(self["best_step"])}
        return facts


def train(*overrides: str, callbacks: Sequence["Callback"] = (), loggers: Sequence["Logger"] = ()) -> RunResults:
    """Train, or resume with ``ckpt=...``, as ``python train.py`` does with the same words.

    Example:
        ``gan.train("model=dcgan", "loss=wgan_gp", "trainer.max_steps=200")``

    Args:
        *overrides: Choices and options in the syntax of the command line.
        callbacks: Further callbacks, after those of the configuration.
        loggers: Further loggers.

    Returns:
        The contents of results.json.

    Raises:
        UserError: For errors that the user can correct, with the message of the command line.
    """
    from gan.loggers.notebook import NotebookLogger, in_notebook
    from gan.training import train as train_run

    outcome: list[RunResults | UserError] = []
    shown = [NotebookLogger()] if in_notebook() else []

    def task(config: DictConfig) -> None:
        try:
            outcome.append(RunResults(train_run(config, callbacks, [*loggers, *shown])))
        except UserError as error:  # Hydra would print a line of its own
            outcome.append(error)

    register_resolvers()
    with _as_command(overrides) as arguments, _restored_logging(), project_hydra() as hydra:
        hydra.run("train", task, arguments)
    (result,) = outcome
    if isinstance(result, UserError):
        raise result
    return result


def compose(*overrides: str) -> DictConfig:
    """Compose the configuration of a run without running it.

    Args:
        *overrides: Choices and options in the syntax of the command line.

    Returns:
        The configuration, with the name and the folder that a run would have now.

    Raises:
        UserError: If there is no such choice or option.
    """
    register_resolvers()
    with _as_command(overrides) as arguments:
        config = compose_config("train", arguments, with_hydra=True)
    current = HydraConfig.instance().cfg
    HydraConfig.instance().set_config(config)
    try:
        with open_dict(config):
            config.name, config.run_dir = str(config.name), str(config.hydra.run.dir)
            del config["hydra"]
    finally:
        HydraConfig.instance().cfg = current
    return config


@contextmanager
def _as_command(overrides: Sequence[str]) -> Iterator[list[str]]:
    """Yield the arguments of ``train.py`` for a run, as ``sys.argv``, and raise errors as user errors if they are.

    Results, suggestions for misspelt options, and the ranks of other devices read the arguments there.
    """
    before = sys.argv
    try:
        arguments = admit_saved_options(read_arguments(overrides), "train")
        sys.argv = ["train.py", *arguments]
        yield arguments
    except Exception as error:  # of any kind: explain tells user errors from bugs
        message = explain(error, "train")
        if message is None or isinstance(error, UserError):
            raise
        raise UserError(message) from error
    finally:
        sys.argv = before


@contextmanager
def _restored_logging() -> Iterator[None]:
    """Restore the handlers of the root logger, which Hydra replaces, and close the run's."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        for handler in set(root.handlers).difference(handlers):
            handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)
