"""Shapes that follow from the choice of a degradation; needs no torch, since configurations are composed without it."""

from typing import Any, Literal, NamedTuple

from omegaconf import DictConfig

__all__ = ["DegradationName", "DegradedShape", "degraded_shape", "resolve_degraded_shape"]

DegradationName = Literal["gray", "lab", "downsample", "mask", "edges"]


class DegradedShape(NamedTuple):
    """Shapes of a degraded image and of what is generated from it.

    Attributes:
        channels: Channels that are generated: 2 for ``lab``, otherwise those of an image.
        source_channels: Channels of the condition: 1 for ``gray``, ``lab`` and ``edges``, those of an image for
            ``downsample``, and one more for ``mask``.
        source_size: Height of the condition in pixels.
        source_width: Width of the condition in pixels.
    """

    channels: int
    source_channels: int
    source_size: int
    source_width: int


def degraded_shape(degrade: str, image_channels: int, image_size: int, width: int, factor: int) -> DegradedShape:
    """Return the shapes for images of a shape.

    Args:
        degrade: Name of the degradation.
        image_channels: Channels of an image.
        image_size: Height of an image in pixels.
        width: Width of an image in pixels.
        factor: Factor by which ``downsample`` divides height and width.
    """
    channels = 2 if degrade == "lab" else image_channels
    source_channels = {"mask": image_channels + 1, "downsample": image_channels}.get(degrade, 1)
    divisor = factor if degrade == "downsample" else 1
    return DegradedShape(channels, source_channels, image_size // divisor, width // divisor)


def resolve_degraded_shape(name: str, _parent_: DictConfig) -> Any:
    """Resolve ``${degraded_shape:NAME}``: a field of the shape, from the keys beside it.

    Args:
        name: Name of the field.
        _parent_: Node of the configuration that the key belongs to.
    """
    keys = ("degrade", "image_channels", "image_size", "width", "factor")
    return getattr(degraded_shape(*(_parent_[key] for key in keys)), name)
