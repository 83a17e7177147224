"""Passes of a discriminator for tests of losses and models."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gan.keyed_random import KeyedRandom
from gan.models.gan import GAN
from gan.types import Batch, DiscriminatorOutput, DiscriminatorPass, GeneratorInput, GeneratorOutput, GeneratorPass

__all__ = ["discriminate", "make_generator_pass", "make_pass"]


def make_pass(
    critic: Callable[[Tensor], DiscriminatorOutput],
    real: Tensor,
    fake: Tensor,
    real_output: DiscriminatorOutput | None,
    fake_output: DiscriminatorOutput,
    rng: KeyedRandom | None = None,
    **settings: Any,
) -> DiscriminatorPass:
    """Build a discriminator's pass; labels are zero, and no generator is behind the fakes."""
    labels = torch.zeros(len(real), dtype=torch.long)
    defaults: dict[str, Any] = {
        "player": "discriminator",
        "step": 0,
        "batch": Batch(real, labels),
        "inputs": GeneratorInput(None, labels),
        "generated": GeneratorOutput(fake),
        "generator": nn.Identity(),
        "generate": lambda _: GeneratorOutput(fake),
        "redraw": lambda: GeneratorInput(None, labels),
        "rng": rng or KeyedRandom(0, total=len(real)),
    }
    outputs = {"real_output": real_output, "fake_output": fake_output}
    return DiscriminatorPass(critic=critic, real=real, fake=fake, **outputs, **defaults | settings)


def discriminate(model: GAN, batch: Batch, inputs: GeneratorInput, fake: Tensor | None = None) -> DiscriminatorPass:
    """Run a model's discriminator on a batch and on fakes, which are generated from the inputs if not given."""
    return model.discriminate(make_generator_pass(model, batch, inputs, fake))


def make_generator_pass(model: GAN, batch: Batch, inputs: GeneratorInput, fake: Tensor | None = None) -> GeneratorPass:
    """Build a generator's pass in the discriminator's update; see ``discriminate``."""
    return GeneratorPass(
        player="discriminator",
        step=0,
        batch=batch,
        inputs=inputs,
        generated=model.generate(inputs) if fake is None else GeneratorOutput(fake),
        generator=model.generator,
        generate=model.generate,
        redraw=lambda: inputs,
        rng=KeyedRandom(0, total=batch.size),
    )
