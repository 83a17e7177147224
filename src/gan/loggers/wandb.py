"""Weights & Biases logger."""

import logging
import os
from pathlib import Path
from typing import Any, Literal

import wandb
from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.loggers.logger import rank_zero_experiment

from gan.errors import one_line
from gan.loggers.upload import upload_run
from gan.runs.commands import command_line
from gan.runs.folder import OutputPath, start_folder

__all__ = ["WeightsAndBiases"]

log = logging.getLogger(__name__)


class WeightsAndBiases(WandbLogger):
    """Tracks a run online if a key is configured and the server answers, otherwise offline. It never prompts.

    Args:
        folder: Run folder.
        project: W&B project.
        name: Name of the run at W&B.
        id: W&B run id. A resumed run keeps it.
        mode: ``online``, ``offline`` or ``disabled``; None uses ``WANDB_MODE`` if set, otherwise online if there is a
            key.
        timeout: Seconds to wait for the server before the run is tracked offline.
        entity: User or team that owns the project; None for the key's default.
        group: Group of the run at W&B.
        tags: Tags of the run.
        notes: Notes on the run.
        **settings: See Lightning's WandbLogger.
    """

    def __init__(
        self,
        folder: OutputPath,
        project: str,
        name: str | None = None,
        id: str | None = None,
        mode: Literal["online", "offline", "disabled"] | None = None,
        timeout: float = 30.0,
        entity: str | None = None,
        group: str | None = None,
        tags: list[str] | None = None,
        notes: str | None = None,
        **settings: Any,
    ) -> None:
        labels: dict[str, Any] = {"entity": entity, "group": group, "tags": tags, "notes": notes}
        super().__init__(name=name, save_dir=folder, project=project, id=id, **labels, **settings)
        self.mode = mode or os.environ.get("WANDB_MODE")
        self._wandb_init.pop("anonymous", None)  # deprecated: W&B warns about it whether it is set or not
        self._wandb_init["settings"] = wandb.Settings(silent=True, init_timeout=timeout)

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The W&B run, which starts at the first access; offline if online fails."""
        if self._experiment is None:
            Path(self.save_dir or ".").mkdir(parents=True, exist_ok=True)
            mode = self.mode
            try:
                if mode is None:
                    mode = "online" if wandb.login(prompt=False, verify=False) else "offline"
                self._wandb_init["mode"] = mode
                return super().experiment
            except (wandb.errors.Error, ValueError) as error:  # wrong key or setting, or no connection
                log.warning("W&B cannot be reached (%s); this run is tracked offline", _first_line(error))
                wandb.teardown()  # otherwise the run that failed to start keeps its id
                self._wandb_init["mode"] = "offline"
        return super().experiment

    def close(self, folder: Path) -> None:
        """Upload the contents of a finished run's folder, finish the W&B run, and print its address."""
        run = self.experiment
        try:
            upload_run(run, folder)
        except Exception as error:  # the run is complete; an error of W&B or of the animation must not fail it
            log.warning("The upload to W&B is incomplete (%s)", one_line(error))
        run.finish()
        if run.offline:
            folder = os.path.relpath(Path(run.dir).parent, start_folder())
            print(f"W&B      {command_line(['wandb', 'sync', folder])}")
        elif run.url:
            print(f"W&B      {run.url}")

    def abandon(self, will_resume: bool) -> None:
        """Finish the W&B run as failed, or as preempted if it will resume. A sweep would restart a preempted run."""
        if will_resume and not self.experiment.sweep_id:
            self.experiment.mark_preempting()
        self.experiment.finish(exit_code=1)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
