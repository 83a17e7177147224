"""What a signal does: Ctrl-C ends a run in good order; a cluster's signals save it, to go on later to the same bits."""

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
from pytorch_lightning.callbacks import Checkpoint

from gan.callbacks.checkpoints import Checkpoints
from gan.callbacks.periodic import find_callbacks

__all__ = ["Interrupted", "Interruption", "requeue"]


class SignalAction(IntEnum):
    """What signals ask for; the greatest counts."""

    NONE = 0
    STOP = 1  # at this step, with a last score
    SAVE = 2  # at this step, and leave at once
    REQUEUE = 3  # the same, and ask Slurm to start the job again


SIGNAL_ACTIONS = {
    signal.SIGINT: SignalAction.STOP,
    signal.SIGTERM: SignalAction.SAVE,
    signal.SIGUSR1: SignalAction.REQUEUE,
    signal.SIGUSR2: SignalAction.REQUEUE,
}


class Interrupted(SystemExit):
    """The end of a run that was told to leave and can go on later.

    Args:
        number: The signal.
        requeue: Whether Slurm is to start the job again.
    """

    def __init__(self, number: int, requeue: bool) -> None:
        super().__init__(128 + number)
        self.number, self.requeue = number, requeue

    def __str__(self) -> str:
        return f"{signal.Signals(self.number).name} came; all steps so far are saved"


class Interruption(Checkpoint):
    """Ends a run after the step at which all ranks know of a signal to any of them.

    Each rank's word goes around as the next step is computed, without waiting for it, so that all ranks stop at the
    same one. It is a Checkpoint for Lightning to run it last, when other callbacks have done what a step asks for.
    """

    def __init__(self) -> None:
        self.wish, self.number = SignalAction.NONE, 0
        self._pending_reduce: tuple[torch.Tensor, dist.Work] | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Heed signals; a second Ctrl-C ends the process at once."""
        process = os.getpid()

        def handle_signal(number: int, _frame: FrameType | None) -> None:
            if os.getpid() != process:  # a loader's worker, which inherits the handler: its parent will end it
                return
            if SIGNAL_ACTIONS[signal.Signals(number)] > self.wish:
                self.wish, self.number = SIGNAL_ACTIONS[signal.Signals(number)], number
            if number == signal.SIGINT:
                signal.signal(signal.SIGINT, signal.default_int_handler)
                if os.environ.get("RANK", "0") == "0":
                    print("\nStopping after this step (Ctrl-C again: at once) ...", file=sys.stderr)

        before = {number: signal.signal(number, handle_signal) for number in SIGNAL_ACTIONS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Take signals out of Lightning's hands.

        Its handler of SIGTERM begins an exchange between ranks wherever they stand, and its loop waits for the device
        at each batch to learn of it.
        """
        # Private names, of the Lightning 2.6 that pyproject.toml asks for, which has no option for either.
        connector, loop = trainer._signal_connector, trainer.fit_loop.epoch_loop
        connector.register_signal_handlers = lambda: None  # type: ignore[method-assign]  # of this object alone
        loop._broadcast_sigterm_tensor = lambda: None  # type: ignore[method-assign]  # likewise

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Do what the ranks agree on."""
        wish, number = self._agree()
        done = trainer.global_step >= trainer.max_steps >= 0
        if wish is SignalAction.STOP:
            trainer.should_stop = True
        elif wish >= SignalAction.SAVE and not done:
            for checkpoints in find_callbacks(trainer, Checkpoints):
                checkpoints.save(trainer)
            raise Interrupted(number, wish is SignalAction.REQUEUE)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Hear the last word, which no step waited for."""
        if self._pending_reduce is not None:
            self._pending_reduce[1].wait()

    def _agree(self) -> tuple[SignalAction, int]:
        """Return the greatest wish of any rank, and its signal, as of the step before where there are several ranks."""
        if not dist.is_initialized():
            return self.wish, self.number
        heard = 0
        if self._pending_reduce is not None:
            word, work = self._pending_reduce
            work.wait()
            heard = int(word)
        word = torch.tensor(100 * self.wish + self.number)
        self._pending_reduce = word, dist.all_reduce(word, dist.ReduceOp.MAX, async_op=True)
        return SignalAction(heard // 100), heard % 100


def requeue() -> str:
    """Ask Slurm to start this job again; return what came of it, in words."""
    job = os.environ.get("SLURM_JOB_ID")
    if job is None:
        return "there is no Slurm job to start again"
    done = subprocess.run(["scontrol", "requeue", job], capture_output=True, text=True)
    return f"job {job} will be started again" if done.returncode == 0 else f"job {job}: {done.stderr.strip()}"
