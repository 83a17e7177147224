"""What it takes to train networks by manual optimisation, whatever they play: updates, random numbers, checkpoints."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Literal

import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from gan.errors import UserError
from gan.keyed_random import KeyedRandom, Stream, derive_seed
from gan.models.sampler import Sampler
from gan.nn.compiling import compile_calls
from gan.schedules import Schedule
from gan.types import Batch, Terms

__all__ = ["Trainable"]

MakeOptimizer = Callable[..., Optimizer]
LossFunction = Callable[[Batch, KeyedRandom], tuple[Terms, Terms]]


class Trainable(Sampler):
    """A sampler whose networks are updated player by player; a variant says who plays, and in which order.

    A training step takes one batch. Only the generator's updates count as ``trainer.global_step``.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        optimizer: Functions from parameters to an optimiser, by player.
        latent_dim: Length of the noise vector z.
        latent: Distribution of z: standard normal, or uniform on [-1, 1].
        ema_decay: Decay of the generator's moving average at each of its updates; 0 switches it off.
        gradient_clip: Largest norm of a player's gradient; None leaves it as it is.
        accumulate: Parts that a batch is split in, their gradients accumulated, to save memory.
        schedule: A factor of all learning rates at each generator update; None leaves them as they are.
        num_classes: Number of classes that the generator takes labels of; 1 where it takes none.
        channels_last: Whether convolutions' weights, and so their images, lie in memory with channels side by side.
        compile: Whether the players' networks are compiled; penalties, which differentiate twice, see them as they are.
        seed: What all noise follows from.

    Attributes:
        batches_seen: Batches that were trained on.
        gradient_norm: Of the last update, before clipping; None where it was not taken.

    Raises:
        ValueError: If a number is out of its range.
    """

    automatic_optimization = False

    def __init__(
        self,
        generator: nn.Module,
        optimizer: Mapping[str, MakeOptimizer],
        latent_dim: int = 100,
        latent: Literal["normal", "uniform"] = "normal",
        ema_decay: float = 0.999,
        gradient_clip: float | None = None,
        accumulate: int = 1,
        schedule: Schedule | None = None,
        num_classes: int = 1,
        channels_last: bool = True,
        compile: bool = False,
        seed: int = 0,
    ) -> None:
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        super().__init__(generator.to(memory_format=self.layout), latent_dim, latent, ema_decay, num_classes)
        if accumulate < 1:
            raise ValueError(f"accumulate must be at least 1, not {accumulate}")
        if gradient_clip is not None and gradient_clip <= 0:
            raise ValueError(f"gradient_clip must be positive, not {gradient_clip}")
        self.make_optimizer = optimizer
        self.gradient_clip, self.accumulate = gradient_clip, accumulate
        self.schedule, self.seed = schedule, seed
        self.compile_networks = compile
        self.batches_seen = 0
        self.gradient_norm: Tensor | None = None

    @abstractmethod
    def players(self) -> dict[str, list[nn.Module]]:
        """Return the networks that each player's optimiser updates, in the order of the optimisers."""

    def step_generator(self, optimizer: LightningOptimizer) -> Terms:
        """Update the generator, which Lightning counts, and its average; return the gradient's norm, if taken."""
        optimizer.step()
        if self.ema is not None:
            self.ema.update(self.generator, self.global_step)
        return self.norm_of("g")

    def norm_of(self, player: str) -> Terms:
        """Return the norm of the gradient that a player has just followed, before clipping, if it was taken."""
        return {} if self.gradient_norm is None else {f"{player}/gradient_norm": self.gradient_norm}

    def begin_batch(self) -> list[LightningOptimizer]:
        """Bring learning rates and random layers to where a batch finds them; return the players' optimisers."""
        optimizers = self._optimizers()
        if self.schedule is not None:
            for group in (group for optimizer in optimizers for group in optimizer.param_groups):
                group["lr"] = group["initial_lr"] * self.schedule(self.global_step)
        self._seed_layers()
        return optimizers

    def update(
        self, player: str, optimizer: LightningOptimizer, batch: Batch, stream: Stream, loss: LossFunction
    ) -> Terms:
        """Leave the gradient of a player's loss over a batch in its parameters, part by part; return the terms.

        Args:
            player: The first part of the terms' names: ``d`` or ``g``.
            optimizer: Of the player's parameters; all others stand still.
            batch: What all ranks share, this rank's rows of it.
            stream: What the random numbers are for.
            loss: Returns the terms that are minimised, and measures that are logged beside them.

        Raises:
            UserError: If the batch is too small for its parts.
        """
        size, log = len(batch.images), dict[str, Tensor]()
        if size < 2 * self.accumulate:
            raise UserError(
                f"model.accumulate={self.accumulate} splits a batch of {size} in parts of less than two images"
            )
        rank, world = self.trainer.global_rank, self.trainer.world_size
        rows = slice(rank * size, (rank + 1) * size)
        rng = KeyedRandom(self.seed, self.batches_seen, stream, total=world * size, rows=rows, device=self.device)
        optimizer.zero_grad()
        with self.toggled_optimizer(optimizer):
            for part, numbers in zip(batch.parts(self.accumulate), rng.parts(self.accumulate), strict=True):
                share = len(part.images) / size
                terms, measures = loss(part, numbers)
                with torch.autocast(self.device.type, enabled=False):  # else penalties differentiate in half precision
                    self.manual_backward(share * reduce(torch.add, terms.values()))
                for name, value in (terms | measures).items():
                    key = f"{player}/{name}"
                    log[key] = share * value.detach() + log.get(key, 0)
        return log

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Take the gradient's norm, and clip it, once mixed precision has unscaled it; called by Lightning.

        Where nothing is clipped, the updates that begin a window of ``trainer.log_every_n_steps`` have their norms
        taken, and no others: that would be one thirtieth of a perceptron's update.
        """
        scaler = self.trainer.scaler
        if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
            scaler.unscale_(optimizer)  # Lightning leaves it to a fused optimiser's step
        self.gradient_norm = None
        window: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined]  # set by one of Lightning's connectors
        if self.gradient_clip is None and self.global_step % window:
            return
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        norm = get_total_norm([p.grad for p in parameters if p.grad is not None])
        if self.gradient_clip is not None:
            clip_grads_with_norm_(parameters, self.gradient_clip, norm)
        overflows = scaler is not None  # float16: the scaler leaves such an update out, and scales less
        self.gradient_norm = norm.nan_to_num(0.0, posinf=0.0) if overflows else norm

    def on_fit_start(self) -> None:
        """Compile the networks, where asked for; called by Lightning."""
        if self.compile_networks:
            networks = [network for networks in self.players().values() for network in networks]
            compile_calls(*networks, device=self.device)

    def configure_optimizers(self) -> list[Optimizer]:
        """Build each player's optimiser, in the order of the players.

        Raises:
            UserError: If one refuses its arguments.
        """
        try:
            optimizers = [
                self.make_optimizer[player](p for network in networks for p in network.parameters())
                for player, networks in self.players().items()
            ]
        except (ValueError, RuntimeError) as error:
            raise UserError(f"optimizer: {error}") from error
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["initial_lr"] = group["lr"]
        return optimizers

    def _seed_layers(self) -> None:
        """Let dropout and its like draw what follows from seed and step; each rank its own."""
        seed = derive_seed(self.seed, self.batches_seen, Stream.LAYERS, self.trainer.global_rank)
        torch.default_generator.manual_seed(seed)  # torch.manual_seed asks after devices that are not there: 2 ms
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def _optimizers(self) -> list[LightningOptimizer]:
        optimizers = self.optimizers()
        return optimizers if isinstance(optimizers, list) else [optimizers]  # Lightning hands a single one out bare

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the batches seen, and what kinds of optimisers the states are of."""
        checkpoint["batches_seen"] = self.batches_seen
        checkpoint["optimizer_kinds"] = [type(optimizer).__name__ for optimizer in self.trainer.optimizers]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the optimisers' states, but with this run's options, such as the learning rate.

        Raises:
            UserError: If the states are of other optimisers.
        """
        self.batches_seen = checkpoint["batches_seen"]
        optimizers = self.configure_optimizers()
        kinds = [type(optimizer).__name__ for optimizer in optimizers]
        if kinds != checkpoint["optimizer_kinds"]:
            saved = ", ".join(checkpoint["optimizer_kinds"])
            raise UserError(f"optimizer: the checkpoint's states are of {saved}, not {', '.join(kinds)}")
        for state, optimizer in zip(checkpoint["optimizer_states"], optimizers, strict=True):
            for group, options in zip(state["param_groups"], optimizer.state_dict()["param_groups"], strict=True):
                group.update({name: value for name, value in options.items() if name != "params"})
