"""Lightning's trainer on the clock of generator updates. The names of Lightning that it overrides are of 2.6."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Timer
from pytorch_lightning.plugins import CheckpointIO, TorchCheckpointIO
from pytorch_lightning.plugins.environments import ClusterEnvironment, LightningEnvironment, TorchElasticEnvironment
from pytorch_lightning.strategies import DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy
from pytorch_lightning.trainer.connectors.logger_connector import _LoggerConnector
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from gan import tensor_file
from gan.distributed.devices import device_of
from gan.distributed.environment import RankInfo
from gan.distributed.strategy import NetworksStrategy
from gan.errors import OptionError, UserError
from gan.instantiate import blame, build, check_call

__all__ = ["GeneratorClockTrainer", "TimeLimit", "build_trainer", "validation"]

log = logging.getLogger(__name__)

SHARDING = (DeepSpeedStrategy, FSDPStrategy, ModelParallelStrategy)
SHARDING_NAMES = ("deepspeed", "fsdp")  # with which Lightning's names of these begin


class GeneratorClockTrainer(Trainer):
    """Trainer that counts generator updates wherever Lightning's counts batches.

    Everything that callbacks log has the number of the generator update that its batch contributes to, and is logged
    once every ``log_every_n_steps`` updates and after the last one. Evaluations are Lightning's validations: callbacks
    that wait for one, such as EarlyStopping and ModelCheckpoint, act at each.

    Args:
        **settings: Arguments of Lightning's Trainer, without those of epochs and validation.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            **settings,
            min_epochs=0,
            max_epochs=-1,  # the data module shuffles endlessly; max_steps counts generator updates
            check_val_every_n_epoch=sys.maxsize,  # so that callbacks wait for validations, not for an epoch's end
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
        self._logger_connector: _LoggerConnector = GeneratorClock(self)

    @property
    def enable_validation(self) -> bool:
        """True: callbacks prepare for the validations that an evaluation announces."""
        return True

    def _run_stage(self) -> None:
        """Train; what callbacks log before the first batch is of the latest generator update, also after a resume.

        Training that is complete already, but was killed before its end, only ends.
        """
        loop = self.fit_loop
        loop.epoch_loop._batches_that_stepped = self.global_step
        complete = 0 <= self.max_steps <= self.global_step
        super()._run_stage()  # which does nothing then
        if complete:
            loop.reset()
            loop.on_run_start()
            loop.on_run_end()


class GeneratorClock(_LoggerConnector):
    """Logger connector that logs on generator updates."""

    def __init__(self, trainer: Trainer) -> None:
        super().__init__(trainer)
        self._updates_before = -1  # generator updates before the current batch
        self._starts_update = True  # whether the current batch is the first one since the last generator update

    @property
    def should_update_logs(self) -> bool:
        """Whether a hook should log: before the first batch of an update that is due, and after its last batch."""
        step = self.trainer.global_step
        if self.trainer.lightning_module._current_fx_name == "on_train_batch_start":
            return self._starts_update and self._is_due(step + 1)
        return step > self._updates_before and (self._is_due(step) or self.trainer.should_stop)

    def _is_due(self, step: int) -> bool:
        every: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined]  # set by one of Lightning's connectors
        return step % every == 0 or step == self.trainer.max_steps

    def on_batch_start(self, batch: Any, dataloader_idx: int | None = None) -> None:
        """Set the step at which this batch's callbacks log: the next generator update."""
        super().on_batch_start(batch, dataloader_idx)
        updates = self.trainer.global_step
        self._starts_update, self._updates_before = updates != self._updates_before, updates
        self.trainer.fit_loop.epoch_loop._batches_that_stepped = updates + 1

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        """Log metrics at the current generator update, or at the ``step`` among them."""
        if step is None and "step" not in metrics:
            step = self.trainer.global_step
        super().log_metrics(metrics, step)


class TimeLimit(Timer):
    """Timer of a run that counts anew once the limit is used up, so that resuming the run trains it further.

    A run that is resumed before that, as after a signal, has the rest of its time.
    """

    @property
    def state_key(self) -> str:
        """Key in checkpoints, as of Lightning's own timer."""
        return Timer.__qualname__

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the elapsed time, or start again from zero."""
        super().load_state_dict(state_dict)
        left = self.time_remaining()
        if left is not None and left <= 0:
            log.info("The run had used up trainer.max_time: it may take as long again")
            self._offset = 0


class DigestedCheckpointIO(TorchCheckpointIO):
    """Writes checkpoints atomically in their own folder, with a digest; Lightning's pass through a temporary one."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint.

        Raises:
            WriteError: If the system refuses.
        """
        if storage_options is not None or "://" in str(path):
            super().save_checkpoint(checkpoint, path, storage_options)
        else:
            tensor_file.save(checkpoint, Path(path))


def build_trainer(config: DictConfig, info: RankInfo, callbacks: list[Any]) -> GeneratorClockTrainer:
    """Build the trainer of a run.

    Args:
        config: The run's configuration.
        info: This process's rank.
        callbacks: All callbacks.

    Raises:
        UserError: If an option of ``trainer`` is wrong.
    """
    settings = check_call(Trainer, _build_parts(config.trainer), "trainer")
    _check_strategy(settings.get("strategy"))
    if settings.get("strategy", "auto") in ("auto", "ddp"):  # absent from earlier checkpoints, as plugins
        settings["strategy"] = NetworksStrategy() if info.world > 1 else "auto"
    if info.world > 1:
        devices = settings["devices"]
        listed = isinstance(devices, list) and len(devices) == info.local_world
        settings |= {"devices": devices if listed else info.local_world, "num_nodes": info.nodes}
    if settings["sync_batchnorm"] and device_of(config.trainer, info).type == "cpu":
        raise UserError("trainer.sync_batchnorm=true: PyTorch's synchronised batch norm needs GPUs")
    plugins = settings.get("plugins") or []
    if not any(isinstance(plugin, ClusterEnvironment) for plugin in plugins):
        plugins = [*plugins, TorchElasticEnvironment() if info.world > 1 else LightningEnvironment()]
    if not any(isinstance(plugin, CheckpointIO) for plugin in plugins):
        plugins = [*plugins, DigestedCheckpointIO()]
    try:
        if (limit := settings.pop("max_time", None)) is not None:
            callbacks = [*callbacks, TimeLimit(limit, interval="step")]
        return GeneratorClockTrainer(
            **settings | {"plugins": plugins},
            callbacks=callbacks,
            logger=False,
            default_root_dir=config.run_dir,
        )
    except (ValueError, TypeError, MisconfigurationException, RuntimeError) as error:
        raise OptionError(*blame(str(error), config.trainer, "trainer")) from error


def _check_strategy(strategy: object) -> None:
    """Refuse strategies that split networks over devices, with which a norm or an average would be that of a part.

    Raises:
        UserError: If the strategy is one of them.
    """
    if isinstance(strategy, SHARDING) or (isinstance(strategy, str) and strategy.startswith(SHARDING_NAMES)):
        name = strategy if isinstance(strategy, str) else type(strategy).__name__
        raise UserError(
            f"trainer.strategy: {name} splits networks over devices, but clipping, moving averages, penalties and "
            "checkpoints need whole ones: use trainer=ddp, which holds each network whole on every device"
        )


def _build_parts(node: DictConfig) -> dict[str, Any]:
    """Return the arguments in a node, with the strategy, the profiler and other parts among them built."""
    return {str(name): _build_part(value) for name, value in node.items()}


def _build_part(value: Any) -> Any:
    if OmegaConf.is_list(value):
        return [_build_part(item) for item in value]
    return build(value) if OmegaConf.is_dict(value) else value


@contextmanager
def validation(trainer: Trainer) -> Iterator[None]:
    """Call the hooks of a validation around an evaluation, and log what they log, as Lightning's loop does."""
    loop, connector = trainer.fit_loop.epoch_loop.val_loop, trainer._logger_connector
    in_batch = connector._first_loop_iter
    trainer.validating = True
    try:
        loop._on_evaluation_start()
        loop._on_evaluation_epoch_start()
        yield
        loop.on_run_end()
    finally:
        trainer.training = True
        connector._first_loop_iter = in_batch
