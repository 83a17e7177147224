"""Signals: Ctrl-C stops a run early; SIGTERM, SIGHUP and a cluster's save it, to be resumed to the same bits."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, Timer

from gan.callbacks.checkpoints import Checkpoints
from gan.callbacks.periodic import find_callbacks
from gan.host import available_signals, signal_handlers

__all__ = ["Aborted", "Interrupted", "Interruption", "requeue"]

log = logging.getLogger(__name__)


class SignalAction(IntEnum):
    """Action that a signal requests; the largest one requested takes effect."""

    NONE = 0
    STOP = 1  # after this step, with a final evaluation
    SAVE = 2  # after this step, and exit at once
    REQUEUE = 3  # like SAVE, and ask Slurm to requeue the job


ACTIONS = {
    "SIGINT": SignalAction.STOP,
    "SIGTERM": SignalAction.SAVE,
    "SIGHUP": SignalAction.SAVE,
    "SIGUSR1": SignalAction.REQUEUE,
    "SIGUSR2": SignalAction.REQUEUE,
}
SIGNAL_ACTIONS = {number: ACTIONS[number.name] for number in available_signals(*ACTIONS)}


class Interrupted(SystemExit):
    """Exit of a run after a signal: it was saved, or has not started to train.

    Args:
        number: Number of the signal.
        requeue: Whether Slurm should requeue the job.
        saved: Whether there was something to save.
    """

    def __init__(self, number: int, requeue: bool, saved: bool = True) -> None:
        super().__init__(128 + number)
        self.number, self.requeue, self.saved = number, requeue, saved

    def __str__(self) -> str:
        state = "all steps so far are saved" if self.saved else "training has not begun"
        return f"{signal.Signals(self.number).name} received; {state}"


class Aborted(SystemExit):
    """Exit of a run at a second Ctrl-C, at once and with nothing saved."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGINT)

    def __str__(self) -> str:
        return "Ctrl-C again: ended at once"


class Interruption(Checkpoint):
    """End a run after the step at which all ranks know of a signal to any of them.

    The requested actions are reduced over the ranks asynchronously, during the next step, so that all ranks stop at the
    same step. The class derives from Checkpoint because Lightning runs those callbacks last.

    Attributes:
        reason: Reason for stopping; None if no signal did.
        training: Whether there is something to save.
    """

    def __init__(self) -> None:
        self.action, self.number = SignalAction.NONE, 0
        self.reason: str | None = None
        self.training = False
        self._pending_reduce: tuple[torch.Tensor, dist.Work] | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle signals in this context; a second Ctrl-C ends the process at once.

        So do others before a single process trains, as preparations may take longer than a cluster waits: features are
        trained for minutes. Several ranks agree with their first step.

        Outside the main thread, where Python delivers no signals, this does nothing.
        """
        process, interrupted = os.getpid(), False

        def handle_signal(number: int, _frame: FrameType | None) -> None:
            nonlocal interrupted
            if os.getpid() != process:  # a data loader's worker, which inherits the handler; its parent ends it
                return
            if SIGNAL_ACTIONS[signal.Signals(number)] > self.action:
                self.action, self.number = SIGNAL_ACTIONS[signal.Signals(number)], number
            alone = os.environ.get("WORLD_SIZE", "1") == "1"
            if self.action >= SignalAction.SAVE and alone and not self.training:
                raise Interrupted(self.number, self.action is SignalAction.REQUEUE, saved=False)
            if number == signal.SIGINT:
                if interrupted:
                    raise Aborted
                interrupted = True
                if os.environ.get("RANK", "0") == "0":
                    print("\nStopping after this step (Ctrl-C again: at once) ...", file=sys.stderr)

        with signal_handlers(SIGNAL_ACTIONS, handle_signal):
            yield

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Disable Lightning's signal handling.

        Its SIGTERM handler starts a collective at whatever point each rank has reached, and its loop synchronises with
        the device at each batch to learn of the signal.
        """
        # Private names of Lightning 2.6, which has no option for either.
        connector, loop = trainer._signal_connector, trainer.fit_loop.epoch_loop
        connector.register_signal_handlers = lambda: None  # type: ignore[method-assign]  # to disable the method of this object
        loop._broadcast_sigterm_tensor = lambda: None  # type: ignore[method-assign]  # as above

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save from here on; say how a run without an end is ended."""
        self.training = True
        if trainer.max_steps < 0 and not find_callbacks(trainer, Timer):
            log.info("trainer.max_steps=%d: training has no end; Ctrl-C ends it with all results", trainer.max_steps)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Act as the ranks agree."""
        action, number = self._agreed_action()
        done = trainer.global_step >= trainer.max_steps >= 0
        if action is SignalAction.STOP and not done:
            self.reason = f"at step {trainer.global_step}: Ctrl-C"
            trainer.fit_loop.epoch_loop.min_steps = None  # which would have the run go on until then
            trainer.should_stop = True
        elif action >= SignalAction.SAVE and not done:
            for checkpoints in find_callbacks(trainer, Checkpoints):
                checkpoints.save(trainer)
            raise Interrupted(number, action is SignalAction.REQUEUE)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Wait for the last reduction."""
        if self._pending_reduce is not None:
            self._pending_reduce[1].wait()

    def _agreed_action(self) -> tuple[SignalAction, int]:
        """Return the largest action of any rank and its signal; with several ranks, as of the previous step."""
        if not dist.is_initialized():
            return self.action, self.number
        reduced = 0
        if self._pending_reduce is not None:
            value, work = self._pending_reduce
            work.wait()
            reduced = int(value)
        value = torch.tensor(100 * self.action + self.number)
        self._pending_reduce = value, dist.all_reduce(value, dist.ReduceOp.MAX, async_op=True)
        return SignalAction(reduced // 100), reduced % 100


def requeue(end: SystemExit) -> bool:
    """Log the end of a run, and ask Slurm to requeue its job, if the signal that ended it is one of a cluster's.

    Returns:
        Whether it is.
    """
    if not (isinstance(end, Interrupted) and end.requeue):
        return False
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        log.info("%s; there is no Slurm job to requeue", end)
        return True
    log.info("%s; job %s is to be requeued", end, job)  # first, since Slurm then kills this process
    done = subprocess.run(["scontrol", "requeue", job], capture_output=True, text=True)
    if done.returncode:
        log.error("Slurm did not requeue job %s: %s", job, done.stderr.strip())
    return True
