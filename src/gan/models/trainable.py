"""Base class of all models: updates of one or more players by manual optimisation, and their checkpoints."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Annotated, Any, Literal

import torch
from annotated_types import Ge, Le
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gan.bounds import Classes, Decay, Positive, PositiveInt, Seed
from gan.errors import UserError
from gan.keyed_random import KeyedRandom, Stream, derive_seed
from gan.losses.part import LossPart
from gan.models.optimizer_state import build_scheduler, restore_options, set_learning_rates
from gan.models.sampler import Sampler
from gan.nn.compiling import compile_calls
from gan.schedules.base import Schedule
from gan.types import Batch, Player, Terms

__all__ = ["LearningRateSchedule", "OptimizerFactory", "Trainable"]

OptimizerFactory = Callable[..., Optimizer]
"""A function from parameters to their optimiser."""

LearningRateSchedule = Schedule | Callable[..., LRScheduler]
"""A factor of a learning rate, or a function from an optimiser to one of torch's schedulers."""

NORM_STRIDE = 7  # updates per gradient norm; coprime to usual intervals of lazy regularisation, whose steps differ

LossFunction = Callable[[Batch, KeyedRandom], tuple[Terms, Terms]]
"""A function from a batch and its random numbers to the terms of a loss, and measures that are only logged."""


class Trainable(Sampler):
    """A sampler with one or more players, each of which updates its networks with its own optimiser.

    Subclasses define the players and the training step, which takes one batch. Only the generator's updates count as
    ``trainer.global_step``.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        optimizer: Functions from parameters to an optimiser, by player.
        latent_dim: Length of the latent vector z.
        latent: Distribution of z: standard normal, or uniform on [-1, 1].
        ema_decay: Decay of the generator's moving average per update; 0 disables the average.
        gradient_clip: Largest norm of a player's gradient; None disables clipping.
        accumulate: Parts that a batch is split into to save memory; their gradients are accumulated.
        schedule: Schedule of all learning rates by generator updates; None for constant rates.
        schedules: Schedules of single players, in place of ``schedule``; None entries are skipped.
        num_classes: Number of classes of a conditional generator; 1 for an unconditional one.
        channels_last: Whether convolutions use the channels-last memory format.
        compile: Whether to compile the players' networks; penalties use the uncompiled ones, since compiled networks
            cannot be differentiated twice.
        seed: Seed of all random numbers.

    Attributes:
        batches_seen: Batches trained on so far.
        gradient_norm: Norm of the last update's gradient before clipping; None if it was not computed.
    """

    automatic_optimization = False

    def __init__(
        self,
        generator: nn.Module,
        optimizer: Mapping[str, OptimizerFactory],
        latent_dim: Annotated[int, Ge(0), Le(2**20)] = 100,
        latent: Literal["normal", "uniform"] = "normal",
        ema_decay: Decay = 0.999,
        gradient_clip: Positive | None = None,
        accumulate: PositiveInt = 1,
        schedule: LearningRateSchedule | None = None,
        schedules: Mapping[str, LearningRateSchedule | None] | None = None,
        num_classes: Classes = 1,
        channels_last: bool = True,
        compile: bool = False,
        seed: Seed = 0,
    ) -> None:
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        super().__init__(generator.to(memory_format=self.memory_format), latent_dim, latent, ema_decay, num_classes)
        self.optimizer_factories = optimizer
        self.gradient_clip, self.accumulate = gradient_clip, accumulate
        self.schedule, self.seed = schedule, seed
        self.schedules = {player: own for player, own in (schedules or {}).items() if own is not None}
        self.compile_networks = compile
        self.batches_seen = 0
        self.gradient_norm: Tensor | None = None

    @abstractmethod
    def players(self) -> dict[str, list[nn.Module]]:
        """Return each player's networks, in the order of the optimisers."""

    # The parts of a training step ------------------------------------------------------------------------------------

    def begin_batch(self) -> list[LightningOptimizer]:
        """Seed random layers, and return the players' optimisers."""
        self._seed_random_layers()
        return self._player_optimizers()

    def update(
        self, player: Player, optimizer: LightningOptimizer, batch: Batch, stream: Stream, loss: LossFunction
    ) -> Terms:
        """Compute the gradient of a player's loss over a batch, part by part; the caller then steps the optimiser.

        Args:
            player: The player; its first letter is the prefix of the logged names.
            optimizer: The player's optimiser; all other parameters are frozen meanwhile.
            batch: This rank's rows of the global batch.
            stream: Purpose of the random numbers.
            loss: Returns the terms to minimise, and measures to log with them.

        Returns:
            Terms and measures, detached, averaged over the batch.

        Raises:
            UserError: If the batch is too small for the number of parts.
        """
        size = batch.size
        if size < 2 * self.accumulate:
            if self.accumulate == 1:
                raise UserError(
                    f"data.batch_size: {size} image per rank is too few for batch norm and for losses that compare "
                    f"images; set it to {2 * self.trainer.world_size} or more"
                )
            raise UserError(
                f"model.accumulate={self.accumulate} splits a batch of {size} into parts of fewer than two images; "
                f"set data.batch_size to {2 * self.accumulate * self.trainer.world_size} or more"
            )
        rank, world_size = self.trainer.global_rank, self.trainer.world_size
        rows = slice(rank * size, (rank + 1) * size)
        rng = KeyedRandom(self.seed, self.batches_seen, stream, total=world_size * size, rows=rows, device=self.device)
        log: Terms = {}
        optimizer.zero_grad()
        with self.toggled_optimizer(optimizer):
            for part, part_rng in zip(batch.parts(self.accumulate), rng.parts(self.accumulate), strict=True):
                weight = part.size / size
                terms, measures = loss(part, part_rng)
                assert not terms.keys() & measures.keys(), "a measure has the name of a term"
                with torch.autocast(self.device.type, enabled=False):  # penalties are differentiated in float32
                    self.manual_backward(weight * reduce(torch.add, terms.values()))
                for name, value in (terms | measures).items():
                    key = f"{player[0]}/{name}"
                    log[key] = weight * value.detach() + log.get(key, 0)
        return log

    def step_generator(self, optimizer: LightningOptimizer) -> Terms:
        """Step the generator's optimiser, which Lightning counts, torch's schedulers, and the moving average.

        Returns:
            The gradient's norm, if it was computed.
        """
        optimizer.step()
        for configuration in self.trainer.lr_scheduler_configs:
            configuration.scheduler.step()  # type: ignore[call-arg]  # needs a metric only where it was refused
        self.schedule_learning_rates()
        if self.ema is not None:
            self.ema.update(self.generator, self.global_step)
        return self.gradient_norm_terms("generator")

    def schedule_learning_rates(self) -> None:
        """Set the learning rates of the next update, before its callbacks read or change them."""
        for player, optimizer in zip(self.players(), self._player_optimizers(), strict=True):
            schedule = self._schedule_of(player)
            if isinstance(schedule, Schedule):
                set_learning_rates(optimizer.param_groups, schedule(self.global_step))

    def gradient_norm_terms(self, player: Player) -> Terms:
        """Return the norm of the gradient of a player's last update before clipping, if it was computed."""
        return {} if self.gradient_norm is None else {f"{player[0]}/gradient_norm": self.gradient_norm}

    # Lightning's hooks -----------------------------------------------------------------------------------------------

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Compute and clip the gradient's norm after mixed precision has unscaled the gradient.

        Without clipping, the norm is computed only every few updates: at every update, it would cost about 3 % of a
        perceptron's training time. The logged value is the mean over those in a window.
        """
        scaler = self.trainer.scaler
        if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
            scaler.unscale_(optimizer)  # Lightning leaves unscaling to the step of fused optimisers
        self.gradient_norm = None
        window: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined]  # set by one of Lightning's connectors
        if self.gradient_clip is None and self.global_step % min(window, NORM_STRIDE):
            return
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        norm = get_total_norm([p.grad for p in parameters if p.grad is not None])
        if self.gradient_clip is not None:
            clip_grads_with_norm_(parameters, self.gradient_clip, norm)
        may_overflow = scaler is not None  # in float16, the scaler skips such an update and lowers its scale
        self.gradient_norm = norm.nan_to_num(0.0, posinf=0.0) if may_overflow else norm

    def on_fit_start(self) -> None:
        """Load what the parts of the loss need, and compile the networks, if requested."""
        for part in self.modules():
            if isinstance(part, LossPart):
                part.prepare(self.device)
        if self.compile_networks:
            networks = [network for networks in self.players().values() for network in networks]
            compile_calls(*networks, device=self.device)

    def on_train_start(self) -> None:
        """Set the learning rates of the first update."""
        self.schedule_learning_rates()

    def configure_optimizers(self) -> tuple[list[Optimizer], list[LRScheduler]]:
        """Build each player's optimiser, in the order of the players, and torch's schedulers.

        Raises:
            UserError: If a player has no optimiser, an optimiser or a scheduler rejects its arguments, or a schedule
                names no player.
        """
        if unknown := sorted(self.schedules.keys() - self.players().keys()):
            raise UserError(f"schedules.{unknown[0]}: the players are {', '.join(self.players())}")
        if missing := [player for player in self.players() if player not in self.optimizer_factories]:
            raise UserError(f"model.optimizer has no optimiser of the {missing[0]}: set optimizer.{missing[0]}")
        try:
            optimizers = [
                self.optimizer_factories[player](p for network in networks for p in network.parameters())
                for player, networks in self.players().items()
            ]
        except (ValueError, RuntimeError) as error:
            raise UserError(f"optimizer: {error}") from error
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["configured_lr"] = group["initial_lr"] = group["lr"]
        schedules = {player: self._schedule_of(player) for player in self.players()}
        return optimizers, [
            build_scheduler(schedule, optimizer)
            for schedule, optimizer in zip(schedules.values(), optimizers, strict=True)
            if schedule is not None and not isinstance(schedule, Schedule)
        ]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Save the batch count and the optimisers' class names."""
        checkpoint["batches_seen"] = self.batches_seen
        checkpoint["optimizer_kinds"] = [type(optimizer).__name__ for optimizer in self.trainer.optimizers]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the batch count, and give the restored optimisers this run's options.

        A learning rate keeps what a schedule or a callback made of it, relative to the option.

        Raises:
            UserError: If the checkpoint's optimisers are of other classes.
        """
        self.batches_seen = checkpoint["batches_seen"]
        optimizers, _ = self.configure_optimizers()
        kinds = [type(optimizer).__name__ for optimizer in optimizers]
        if kinds != checkpoint["optimizer_kinds"]:
            saved = ", ".join(checkpoint["optimizer_kinds"])
            raise UserError(f"optimizer: the checkpoint's states are of {saved}, not {', '.join(kinds)}")
        for state, optimizer in zip(checkpoint["optimizer_states"], optimizers, strict=True):
            for group, options in zip(state["param_groups"], optimizer.state_dict()["param_groups"], strict=True):
                restore_options(group, options)

    def _seed_random_layers(self) -> None:
        """Seed dropout and other random layers from the seed, the batch count and the rank."""
        seed = derive_seed(self.seed, self.batches_seen, Stream.LAYERS, self.trainer.global_rank)
        torch.default_generator.manual_seed(seed)  # torch.manual_seed also queries absent devices, which takes 2 ms
        if self.device.type != "cpu":
            torch.get_device_module(self.device).manual_seed(seed)

    def _schedule_of(self, player: str) -> LearningRateSchedule | None:
        return self.schedules.get(player, self.schedule)

    def _player_optimizers(self) -> list[LightningOptimizer]:
        optimizers = self.optimizers()
        return optimizers if isinstance(optimizers, list) else [optimizers]  # Lightning returns a single one bare
