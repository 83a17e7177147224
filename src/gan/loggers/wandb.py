"""Weights & Biases logger."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from ssl import SSLError
from threading import Thread
from time import perf_counter
from typing import Annotated, Any, Literal
from urllib.error import HTTPError
from urllib.request import urlopen

import wandb
from annotated_types import Gt, Le
from pydantic import ValidationError
from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.loggers.logger import rank_zero_experiment
from wandb.sdk.lib.service.service_connection import WandbApiFailedError

from gan.errors import UserError, first_problem, one_line
from gan.formats import printable
from gan.loggers.upload import log_checkpoint, upload_run
from gan.runs.folder import OutputPath
from gan.shell import command_line

__all__ = ["WeightsAndBiases", "check_answer"]

log = logging.getLogger(__name__)

SECONDS_TO_GIVE_UP = 2.0  # that W&B takes to give up after its own timeout, and to start offline
NO_TELEMETRY = "WANDB_ERROR_REPORTING"  # of W&B itself: at exit it waits up to 30 s for a server that does not answer


class WeightsAndBiases(WandbLogger):
    """Tracks a run online if a key is configured and the server answers, otherwise offline. It never prompts.

    Args:
        folder: Run folder. ``WANDB_DIR`` takes precedence.
        project: W&B project.
        name: Name of the run at W&B.
        id: W&B run id. A resumed run keeps it.
        mode: ``online``, ``offline`` or ``disabled``; None uses ``WANDB_MODE`` if set, otherwise online if there is a
            key.
        timeout: Seconds to wait for the server: at the start, before the run is tracked offline, and at the end, before
            what is left is kept for a later upload.
        entity: User or team that owns the project; None for ``WANDB_ENTITY`` or the key's default.
        group: Group of the run at W&B; None for ``WANDB_RUN_GROUP``.
        tags: Tags of the run; None for ``WANDB_TAGS``.
        notes: Notes on the run; None for ``WANDB_NOTES``.
        **settings: See Lightning's WandbLogger.

    Raises:
        UserError: If W&B accepts no such project, id, tag or mode.
    """

    def __init__(
        self,
        folder: OutputPath,
        project: str,
        name: str | None = None,
        id: str | None = None,
        mode: Literal["online", "offline", "disabled"] | None = None,
        timeout: Annotated[float, Gt(0), Le(86_400)] = 30.0,
        entity: str | None = None,
        group: str | None = None,
        tags: list[str] | None = None,
        notes: str | None = None,
        **settings: Any,
    ) -> None:
        with _wrong_settings("logger.wandb: "):
            given: dict[str, Any] = {"project": project, "run_id": id, "run_tags": tags, "mode": mode}
            wandb.Settings(**{key: value for key, value in given.items() if value is not None})
        labels: dict[str, Any] = {"entity": entity, "group": group, "tags": tags, "notes": notes}
        save_dir = os.environ.get("WANDB_DIR") or folder
        super().__init__(name=name, save_dir=save_dir, project=project, id=id, **labels, **settings)
        self.mode, self.timeout = mode, timeout
        self._wandb_init.pop("anonymous", None)  # deprecated: W&B warns about it whether it is set or not

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The W&B run, which starts at the first access; offline if online fails.

        Raises:
            UserError: If a variable of the environment, such as ``WANDB_BASE_URL``, has a wrong value.
        """
        if self._experiment is None:
            Path(self.save_dir or ".").mkdir(parents=True, exist_ok=True)
            os.environ.setdefault(NO_TELEMETRY, "false")
            start, mode = perf_counter(), self._choose_mode()
            try:
                if mode == "online":
                    check_answer(wandb.setup().settings.base_url, max(1.0, self.timeout - SECONDS_TO_GIVE_UP / 2))
                waited = perf_counter() - start
                return self._start(mode, max(1.0, self.timeout - waited - SECONDS_TO_GIVE_UP / 2))
            except (wandb.errors.Error, OSError) as error:  # wrong key, or no connection
                log.warning("W&B is not used online (%s); this run is tracked offline", printable(_first_line(error)))
                if isinstance(error, wandb.errors.Error):
                    wandb.teardown()  # otherwise the run that failed to start keeps its id
            return self._start("offline", self.timeout)
        return self._experiment

    def close(self, folder: Path) -> None:
        """Upload the contents of a finished run's folder, finish the W&B run, and print its address."""
        run = self.experiment
        if run.disabled:
            run.finish()
            return
        try:
            self._upload(run, folder)
        except Exception as error:  # the run is complete; an error of W&B or of the animation must not fail it
            log.warning("The upload to W&B is incomplete (%s)", printable(one_line(error)))
        run.finish()
        if run.offline or run._finish_timed_out:
            print(f"W&B      {command_line(['wandb', 'sync', *map(os.path.relpath, self._parts(run))])}")
        elif run.url:
            print(f"W&B      {run.url}")

    def abandon(self, will_resume: bool) -> None:
        """Finish the W&B run as failed, or as preempted if it will resume. A sweep would restart a preempted run."""
        if will_resume and not self.experiment.sweep_id:
            self.experiment.mark_preempting()
        self.experiment.finish(exit_code=1)

    def _choose_mode(self) -> str:
        """Return the mode that was asked for, or online if there is a key."""
        with _wrong_settings("W&B's settings (variables WANDB_..., or its file): "):
            wandb.setup(wandb.Settings(silent=True))
        if mode := self.mode or os.environ.get("WANDB_MODE"):
            return mode
        return "online" if wandb.login(prompt=False, verify=False) else "offline"

    def _upload(self, run: Any, folder: Path) -> None:
        """Upload the contents of a run's folder, which may take long, for as long as the server answers.

        Raises:
            ConnectionError: If it does not.
        """
        patience = self.timeout / 4
        upload = _Upload(run, folder)
        upload.start()
        upload.join(None if run.offline else patience)
        while upload.is_alive():
            check_answer(run.settings.base_url, patience)
            upload.join(patience)
        if upload.error is not None:
            raise upload.error

    def _start(self, mode: str, timeout: float) -> Any:
        self._wandb_init["mode"] = mode
        seconds: dict[str, Any] = {"init_timeout": timeout, "finish_timeout": self.timeout / 2}
        self._wandb_init["settings"] = wandb.Settings(silent=True, **seconds)
        return super().experiment

    @staticmethod
    def _parts(run: Any) -> list[Path]:
        """Return the folders of a run whose parts wait for an upload: this part, and earlier ones if it was resumed."""
        current = Path(run.dir).parent
        earlier = [part for part in current.parent.glob(f"offline-run-*-{run.id}") if not list(part.glob("*.synced"))]
        return sorted({*earlier, current}, key=lambda part: part.name.removeprefix("offline-"))


class _Upload(Thread):
    """Upload of a run's folder; W&B waits for 20 s and more per artifact before it notices that its server has gone."""

    def __init__(self, run: Any, folder: Path) -> None:
        super().__init__(daemon=True)
        self.tracked, self.folder = run, folder
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            upload_run(self.tracked, self.folder)
            artifact = log_checkpoint(self.tracked, self.folder)
            if artifact is not None and not self.tracked.offline:
                artifact.wait()
        except WandbApiFailedError:  # it is uploaded; some servers cannot describe it
            pass
        except Exception as error:  # raised again by the thread that waits
            self.error = error


@contextmanager
def _wrong_settings(prefix: str) -> Iterator[None]:
    """Turn W&B's errors about settings into one line.

    Raises:
        UserError: If a setting is wrong.
    """
    try:
        yield
    except ValidationError as error:
        raise UserError(printable(f"{prefix}{first_problem(error)}")) from error
    except wandb.errors.UsageError as error:
        raise UserError(printable(f"{prefix}{error}")) from error


def check_answer(url: str, timeout: float) -> None:
    """Check that a server answers in time, whatever it answers, unless that it is out of order.

    Raises:
        ConnectionError: If it does not.
    """
    try:
        urlopen(url, timeout=timeout).close()
    except HTTPError as error:
        if error.code >= 500:
            raise ConnectionError(f"{url} answered with status {error.code}") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        if not isinstance(reason, SSLError):  # W&B may know certificates that Python does not
            raise ConnectionError(f"{url} does not answer: {reason}") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
