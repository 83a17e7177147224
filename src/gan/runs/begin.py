"""Beginning of a run, or of a further part of it, in its folder."""

from collections.abc import Sequence

from omegaconf import DictConfig, OmegaConf

from gan.errors import UserError
from gan.overrides import option
from gan.runs.commands import command_comments, earlier_commands
from gan.runs.folder import RunFolder, relative_to_cwd
from gan.runs.record import read_run
from gan.runs.writing import remove_partials, write_text

__all__ = ["begin"]


def begin(run: RunFolder, config: DictConfig, overrides: Sequence[str]) -> None:
    """Write config.yaml, and remove the results of an earlier end, which are out of date from here on.

    Whatever follows, a process that is killed leaves a folder that ``ckpt=FOLDER`` goes on from: without a checkpoint
    from config.yaml, with all generator updates to the results that are missing.

    Args:
        run: The run's folder.
        config: Its resolved configuration.
        overrides: Overrides of this command, which are added to those of the run's earlier commands.

    Raises:
        UserError: If the folder holds another run, or cannot be written to.
    """
    if config.ckpt is None and run.latest_checkpoint is not None:
        resume = option("ckpt", relative_to_cwd(run.path))
        raise UserError(f"{run.path} holds a run: resume it with {resume}, or set another hydra.run.dir")
    is_same_run = run.config.is_file() and read_run(run.path).config.get("id") == config.id
    remove_partials(run.path)
    for outdated in (run.error, run.results, run.page):
        outdated.unlink(missing_ok=True)
    comments = command_comments(overrides, earlier_commands(run) if is_same_run else [])
    write_text(run.config, comments + OmegaConf.to_yaml(config, resolve=True))
