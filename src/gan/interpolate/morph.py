"""Interpolation between latent vectors, between classes, and between the weights of two generators."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.models.interpolation import PATHS, interpolate_keyframes, lerp
from gan.models.latent_space import SpaceName, open_space
from gan.types import GeneratorInput, Samples

__all__ = ["interpolate_weights", "keyframe_labels", "morph"]


def keyframe_labels(generator: TrainedGenerator, classes: list[int] | None, num: int) -> list[Tensor]:
    """Return the class weights of each sample at each keyframe, float32 with shape (num, num_classes).

    Without classes there is one keyframe, in which the samples cycle through all classes.
    """
    requested = generator.classes(classes)
    if requested is None:
        keyframes = [torch.arange(num) % generator.num_classes]
    else:
        keyframes = [torch.full((num,), label) for label in requested]
    return [F.one_hot(labels, generator.num_classes).float() for labels in keyframes]


@torch.no_grad()
def morph(
    generator: TrainedGenerator,
    inputs: GeneratorInput,
    z: list[Tensor],
    labels: list[Tensor],
    steps: int,
    path: str,
    loop: bool,
    space: SpaceName = "z",
) -> Iterator[Tensor]:
    """Interpolate between keyframes; the shorter of the lists ``z`` and ``labels`` repeats.

    In W, paths are straight lines between the vectors w that z and classes are mapped to.

    Args:
        generator: The generator.
        inputs: Input of N samples, whose conditions and noise are kept.
        z: Latent vectors of each keyframe, with shape (N, latent_dim).
        labels: Class weights of each keyframe, float32 with shape (N, num_classes).
        steps: Frames from one keyframe to the next.
        path: Interpolation of z: ``spherical`` or ``linear``. That of class weights is linear.
        loop: Whether to return to the first keyframe.
        space: Space of the paths.

    Yields:
        Images in [-1, 1], with shape (N, C, H, W).

    Raises:
        UserError: If the generator has no such space.
    """
    num = max(len(z), len(labels))
    order = [*range(num), 0] if loop else range(num)
    latent = open_space(generator.model, generator.use_ema, space)
    classes = [labels[index % len(labels)].to(generator.device) for index in order]
    ends = [inputs._replace(z=z[index % len(z)], labels=end) for index, end in zip(order, classes, strict=True)]
    interpolate = lerp if space == "w" else PATHS[path]
    vectors = interpolate_keyframes([latent.vectors(end) for end in ends], steps, interpolate)
    for vector, weights in zip(vectors, interpolate_keyframes(classes, steps, lerp), strict=True):
        yield shown_images(generator, latent.replace(inputs._replace(labels=weights), vector))


@torch.no_grad()
def interpolate_weights(
    start: TrainedGenerator, end: TrainedGenerator, inputs: GeneratorInput, steps: int
) -> Iterator[Tensor]:
    """Interpolate linearly from one generator's weights to another's, for a fixed input.

    Args:
        start: First generator; its weights are overwritten.
        end: Last generator, with the same network, such as a later checkpoint of the run.
        inputs: Input of N samples.
        steps: Frames from start to end.

    Yields:
        Images in [-1, 1], with shape (N, C, H, W).

    Raises:
        UserError: If the networks differ.
    """
    with start.model.inference_network(start.use_ema) as network, end.model.inference_network(end.use_ema) as other:
        first, last = ({k: v.clone() for k, v in n.state_dict().items()} for n in (network, other))
        if {k: v.shape for k, v in first.items()} != {k: v.shape for k, v in last.items()}:
            raise UserError(
                f"{start.path} and {end.path} have different networks: their weights cannot be interpolated"
            )
        for step in range(steps + 1):
            t = step / steps
            network.load_state_dict(
                {k: torch.lerp(v, last[k], t) if v.is_floating_point() else last[k] for k, v in first.items()}
            )
            yield shown_images(start, inputs)


def shown_images(generator: TrainedGenerator, inputs: GeneratorInput) -> Tensor:
    """Generate images from an input with classes, and return them in the form in which they are shown."""
    images, labels = generator.generate(inputs), inputs.labels
    assert labels is not None
    return generator.data.complete(Samples(images, labels, inputs.condition)).images
