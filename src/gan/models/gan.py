"""The game: D and G in turn, by manual optimisation. Variants override hooks, never the loop."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

import torch
from pytorch_lightning.core.optimizer import LightningOptimizer, do_nothing_closure
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import Optimizer

from gan.draws import Draws, Stream, derive_seed
from gan.errors import UserError
from gan.losses.objective import Objective
from gan.models.sampler import Sampler
from gan.nn.compiling import compile_calls
from gan.schedules import Schedule
from gan.types import Batch, Critique, Terms, Verdict

__all__ = ["GAN"]

MakeOptimizer = Callable[..., Optimizer]
LossFunction = Callable[[Batch, Draws], tuple[Terms, Terms]]


class GAN(Sampler):
    """Two networks, an objective, and the loop that trains them (Goodfellow et al., 2014, Algorithm 1).

    A training step is one update of the discriminator and, after every ``objective.critic_steps`` of them, one of the
    generator. Only the generator's updates count as ``trainer.global_step``.

    Args:
        generator: Maps (z, labels) to images in [-1, 1], with shape (B, C, H, W).
        discriminator: Maps (images, labels) to a Verdict.
        objective: What the players minimise.
        optimizer: Functions from parameters to an optimiser, under ``generator`` and ``discriminator``.
        latent_dim: Length of the noise vector z.
        latent: Distribution of z: standard normal, or uniform on [-1, 1].
        ema_decay: Decay of the generator's moving average at each of its updates; 0 switches it off.
        gradient_clip: Largest norm of a network's gradient; None leaves it as it is.
        accumulate: Parts that a batch is split in, their gradients accumulated, to save memory.
        packing: Images that the discriminator judges together, as channels of one (PacGAN; Lin et al., 2018); the
            discriminator must be built for as many.
        schedule: A factor of both learning rates at each generator update; None leaves them as they are.
        num_classes: Number of classes that the generator takes labels of; 1 where it takes none.
        channels_last: Whether convolutions' weights, and so their images, lie in memory with channels side by side.
        compile: Whether both networks are compiled; penalties, which differentiate twice, see them as they are.
        seed: What all noise follows from.

    Raises:
        ValueError: If a number is out of its range.
    """

    automatic_optimization = False

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: Objective,
        optimizer: Mapping[str, MakeOptimizer],
        latent_dim: int = 100,
        latent: Literal["normal", "uniform"] = "normal",
        ema_decay: float = 0.999,
        gradient_clip: float | None = None,
        accumulate: int = 1,
        packing: int = 1,
        schedule: Schedule | None = None,
        num_classes: int = 1,
        channels_last: bool = True,
        compile: bool = False,
        seed: int = 0,
    ) -> None:
        layout = torch.channels_last if channels_last else torch.contiguous_format
        super().__init__(generator.to(memory_format=layout), latent_dim, latent, ema_decay, num_classes)
        if min(accumulate, packing) < 1:
            raise ValueError(f"accumulate and packing must be at least 1, not {accumulate}, {packing}")
        if packing > 1 and num_classes > 1:
            raise ValueError(f"packing={packing} has no meaning for a conditional model: a pack has no one class")
        if gradient_clip is not None and gradient_clip <= 0:
            raise ValueError(f"gradient_clip must be positive, not {gradient_clip}")
        self.discriminator = discriminator.to(memory_format=layout)
        self.objective = objective
        self.make_optimizer = optimizer
        self.gradient_clip, self.accumulate, self.packing = gradient_clip, accumulate, packing
        self.schedule, self.seed = schedule, seed
        self.compile_networks = compile
        self.critic_updates = 0
        self.gradient_norm = torch.zeros(())

    # The hooks that a variant may override ---------------------------------------------------------------------------

    def generate(self, batch: Batch, draws: Draws) -> Tensor:
        """Generate a fake for each image of a batch, with shape (B, C, H, W)."""
        return self.generator(self.sample_latent(draws), batch.labels).float()

    def critique(self, batch: Batch, fake: Tensor, draws: Draws, judge_real: bool = True) -> Critique:
        """Let the discriminator judge fake and, where asked for, real images; packs of them are images to it."""
        labels = batch.labels if self.packing == 1 else None

        def judge(images: Tensor, network: Callable[..., Verdict] = self.discriminator) -> Verdict:
            logits, features = network(images, labels)
            return Verdict(logits.float(), features)

        real = pack(self.objective.perturb(batch.images, self.critic_updates, draws), self.packing)
        fake = pack(self.objective.perturb(fake, self.critic_updates, draws), self.packing)
        on_real = judge(real) if judge_real else None
        critic = partial(judge, network=self.discriminator.forward)  # not compiled: penalties differentiate it twice
        return Critique(critic, real, fake, on_real, judge(fake), draws.packed(self.packing))

    def discriminator_terms(self, batch: Batch, critique: Critique) -> Terms:
        """Return the named terms that the discriminator minimises."""
        return self.objective.discriminator_terms(critique, self.critic_updates)

    def generator_terms(self, batch: Batch, critique: Critique) -> Terms:
        """Return the named terms that the generator minimises."""
        return self.objective.generator_terms(critique)

    # The loop --------------------------------------------------------------------------------------------------------

    def training_step(self, batch: Batch, batch_idx: int) -> Terms:
        """Update the discriminator and, when its turn has come, the generator.

        Returns:
            Every term and measure, detached, as ``d/<name>`` and ``g/<name>``; the gradient's norm before clipping too.
        """
        discriminator, generator = self._optimizers()
        self._follow_schedule()
        self._seed_layers()

        log = self._update("d", discriminator, batch, Stream.DISCRIMINATOR, self._discriminator_loss)
        self.trainer.strategy.optimizer_step(discriminator.optimizer, do_nothing_closure)  # not a global step
        log["d/gradient_norm"] = self.gradient_norm
        self.objective.constrain(self.discriminator)
        self.critic_updates += 1

        if self.critic_updates % self.objective.critic_steps == 0:
            log |= self._update("g", generator, batch, Stream.GENERATOR, self._generator_loss)
            generator.step()  # the one that Lightning counts
            log["g/gradient_norm"] = self.gradient_norm
            if self.ema is not None:
                self.ema.update(self.generator, self.global_step)
        return log

    def _update(
        self, player: str, optimizer: LightningOptimizer, batch: Batch, stream: Stream, loss: LossFunction
    ) -> Terms:
        """Leave the gradient of a player's loss over a batch in its parameters, part by part; return the terms."""
        size, log = len(batch.images), dict[str, Tensor]()
        if size < 2 * self.accumulate:
            raise UserError(
                f"model.accumulate={self.accumulate} splits a batch of {size} in parts of less than two images"
            )
        if self.packing > 1 and size % (self.accumulate * self.packing):
            raise UserError(
                f"data.batch_size: {size} images a device cannot be shared evenly by model.accumulate="
                f"{self.accumulate} parts and packs of model.packing={self.packing}"
            )
        rank, world = self.trainer.global_rank, self.trainer.world_size
        rows = slice(rank * size, (rank + 1) * size)
        draws = Draws(self.seed, self.critic_updates, stream, total=world * size, rows=rows, device=self.device)
        optimizer.zero_grad()
        with self.toggled_optimizer(optimizer):
            for part, numbers in zip(batch.parts(self.accumulate), draws.parts(self.accumulate), strict=True):
                share = len(part.images) / size
                terms, measures = loss(part, numbers)
                with torch.autocast(self.device.type, enabled=False):  # else penalties differentiate in half precision
                    self.manual_backward(share * torch.stack(list(terms.values())).sum())
                for name, value in (terms | measures).items():
                    key = f"{player}/{name}"
                    log[key] = share * value.detach() + log.get(key, 0)
        return log

    def _discriminator_loss(self, batch: Batch, draws: Draws) -> tuple[Terms, Terms]:
        with torch.no_grad():
            fake = self.generate(batch, draws)
        critique = self.critique(batch, fake, draws)
        return self.discriminator_terms(batch, critique), self.objective.measures(critique)

    def _generator_loss(self, batch: Batch, draws: Draws) -> tuple[Terms, Terms]:
        fake = self.generate(batch, draws)
        critique = self.critique(batch, fake, draws, judge_real=self.objective.adversarial.pairs_real)
        return self.generator_terms(batch, critique), {}

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Take the gradient's norm, and clip it, once mixed precision has unscaled it; called by Lightning."""
        scaler = self.trainer.scaler
        if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
            scaler.unscale_(optimizer)  # Lightning leaves it to a fused optimiser's step
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        norm = get_total_norm([p.grad for p in parameters if p.grad is not None])
        if self.gradient_clip is not None:
            clip_grads_with_norm_(parameters, self.gradient_clip, norm)
        overflows = scaler is not None  # float16: the scaler leaves such an update out, and scales less
        self.gradient_norm = norm.nan_to_num(0.0, posinf=0.0) if overflows else norm

    def on_fit_start(self) -> None:
        """Compile the networks, where asked for; called by Lightning."""
        if self.compile_networks:
            compile_calls(self.generator, self.discriminator, device=self.device)

    def configure_optimizers(self) -> list[Optimizer]:
        """Build the discriminator's optimiser and the generator's, in this order.

        Raises:
            UserError: If one refuses its arguments.
        """
        networks = {"discriminator": self.discriminator, "generator": self.generator}
        try:
            optimizers = [self.make_optimizer[player](network.parameters()) for player, network in networks.items()]
        except (ValueError, RuntimeError) as error:
            raise UserError(f"optimizer: {error}") from error
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["initial_lr"] = group["lr"]
        return optimizers

    def _seed_layers(self) -> None:
        """Let dropout and its like draw what follows from seed and step; each rank its own."""
        seed = derive_seed(self.seed, self.critic_updates, Stream.LAYERS, self.trainer.global_rank)
        torch.default_generator.manual_seed(seed)  # torch.manual_seed asks after devices that are not there: 2 ms
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def _follow_schedule(self) -> None:
        if self.schedule is not None:
            for group in (group for optimizer in self._optimizers() for group in optimizer.param_groups):
                group["lr"] = group["initial_lr"] * self.schedule(self.global_step)

    def _optimizers(self) -> list[LightningOptimizer]:
        optimizers = self.optimizers()
        assert isinstance(optimizers, list)
        return optimizers

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the discriminator's updates, and what kinds of optimisers the states are of."""
        checkpoint["critic_updates"] = self.critic_updates
        checkpoint["optimizer_kinds"] = [type(optimizer).__name__ for optimizer in self.trainer.optimizers]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on with the optimisers' states, but with this run's options, such as the learning rate.

        Raises:
            UserError: If the states are of other optimisers.
        """
        self.critic_updates = checkpoint["critic_updates"]
        optimizers = self.configure_optimizers()
        kinds = [type(optimizer).__name__ for optimizer in optimizers]
        if kinds != checkpoint["optimizer_kinds"]:
            saved = ", ".join(checkpoint["optimizer_kinds"])
            raise UserError(f"optimizer: the checkpoint's states are of {saved}, not {', '.join(kinds)}")
        for state, optimizer in zip(checkpoint["optimizer_states"], optimizers, strict=True):
            for group, options in zip(state["param_groups"], optimizer.state_dict()["param_groups"], strict=True):
                group.update({name: value for name, value in options.items() if name != "params"})


def pack(images: Tensor, number: int) -> Tensor:
    """Join each ``number`` images to one, (B, C, H, W) to (B / number, number * C, H, W)."""
    return images.unflatten(0, (-1, number)).flatten(1, 2) if number > 1 else images
