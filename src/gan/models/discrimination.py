"""Runs of a discriminator, on real and fake images together or apart, and the packs and terms around them."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn

from gan.errors import UserError
from gan.losses.objective import Objective
from gan.types import Condition, DiscriminatorOutput, DiscriminatorPass, Terms, map_tensors, select_rows

__all__ = ["joint_pass", "pack", "prefixed", "run_discriminator", "separate_pass", "shares_pass"]

Discriminator = Callable[..., DiscriminatorOutput]


def run_discriminator(
    network: Discriminator, images: Tensor, labels: Tensor | None, condition: Condition | None
) -> DiscriminatorOutput:
    """Run a discriminator; its logits are returned in float32.

    Args:
        network: The discriminator, or its ``forward``.
        images: With shape (B, C, H, W).
        labels: Their classes; None for packs.
        condition: Their condition; None if the network takes none.
    """
    output = network(images, labels) if condition is None else network(images, labels, condition=condition)
    return output._replace(logits=output.logits.float())


def shares_pass(network: nn.Module, objective: Objective, compiled: bool) -> bool:
    """Return whether to run real and fake images in one joint pass, which is faster than two.

    Batch statistics would mix the two kinds. Losses without labels leave a bias of the logits without a gradient; one
    joint pass would give it rounding noise instead of zero. Compiled networks would be compiled for both sizes.

    Args:
        network: The discriminator.
        objective: Its losses.
        compiled: Whether it is compiled.
    """
    independent = getattr(network, "batch_independent", False)
    return independent and objective.adversarial.labelled and not compiled


def joint_pass(
    network: Discriminator, real: Tensor, fake: Tensor, labels: Tensor | None, condition: Condition | None
) -> tuple[DiscriminatorOutput, DiscriminatorOutput]:
    """Run a discriminator once on real and fake images together; the other arguments are those of each kind."""
    twice = partial(map_tensors, lambda x: torch.cat([x, x]))
    output = run_discriminator(network, torch.cat([real, fake]), twice(labels), twice(condition))
    num = len(real)
    return select_rows(output, slice(num)), select_rows(output, slice(num, None))


def separate_pass(
    run: Callable[[Tensor], DiscriminatorOutput], images: Tensor, double_backward: bool
) -> tuple[Tensor, DiscriminatorOutput]:
    """Run a discriminator on images of one kind.

    Args:
        run: The discriminator as a function of images.
        images: Real or fake images.
        double_backward: Whether the output is differentiated twice with respect to the images. The images are then
            detached, and the pass is in float32.

    Returns:
        The images that the output is a function of, and the output.
    """
    if not double_backward:
        return images, run(images)
    images = images.detach().requires_grad_()
    with torch.autocast(images.device.type, enabled=False):
        return images, run(images)


def pack(images: Tensor, number: int) -> Tensor:
    """Stack each ``number`` images along the channels, (B, C, H, W) to (B / number, number * C, H, W).

    Raises:
        UserError: If they do not divide evenly.
    """
    if len(images) % number:
        raise UserError(
            f"data.batch_size: {len(images)} images per device and part (see model.accumulate) cannot be divided into "
            f"packs of model.packing={number}"
        )
    return images.unflatten(0, (-1, number)).flatten(1, 2) if number > 1 else images


def prefixed(passes: Mapping[str, DiscriminatorPass], function: Callable[[DiscriminatorPass], Terms]) -> Terms:
    """Return the terms of all passes, each named after its pass."""
    return {
        f"{prefix}_{name}" if prefix else name: value
        for prefix, d_pass in passes.items()
        for name, value in function(d_pass).items()
    }
