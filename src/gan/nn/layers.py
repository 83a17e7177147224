"""Normalisations and activations by name, maxout, and spectral norm."""

from typing import Literal, get_args

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gan.errors import did_you_mean

__all__ = ["Activation", "Maxout", "Norm", "activation_layer", "maybe_spectral_norm", "norm_layer"]

Norm = Literal["batch", "instance", "layer", "none"]
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "maxout"]


class Maxout(nn.Module):
    """Maxout activation, from (B, pieces * F) to (B, F) (Goodfellow et al., 2013, Section 2).

    Args:
        pieces: Inputs per unit; those of one unit are F apart.
    """

    def __init__(self, pieces: int = 5) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.unflatten(1, (self.pieces, -1)).amax(1)


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "maxout": Maxout,
}


def norm_layer(norm: Norm, features: int, spatial: bool = True, affine: bool = True) -> nn.Module:
    """Build a normalisation layer; the identity for ``none``.

    Args:
        norm: Name; ``layer`` normalises over all channels and positions of an image.
        features: Channels or units.
        spatial: Whether the input is (B, C, H, W) rather than (B, C).
        affine: Whether to learn a scale and a shift.

    Raises:
        ValueError: If the name is unknown, or is ``instance`` without spatial dimensions.
    """
    if norm == "none":
        return nn.Identity()
    if norm == "batch":
        return (nn.BatchNorm2d if spatial else nn.BatchNorm1d)(features, affine=affine)
    if norm == "layer":
        return nn.GroupNorm(1, features, affine=affine)
    if norm == "instance" and spatial:
        return nn.InstanceNorm2d(features, affine=affine)
    known = [name for name in get_args(Norm) if spatial or name != "instance"]
    raise ValueError(f"norm '{norm}' is not one of {', '.join(known)}{did_you_mean(norm, known)}")


def activation_layer(name: Activation) -> nn.Module:
    """Build an activation by name; the leaky ReLU has slope 0.2 (Radford et al., 2016, Section 3).

    Raises:
        ValueError: If the name is unknown.
    """
    if name == "leaky_relu":
        return nn.LeakyReLU(0.2)
    if name not in ACTIVATIONS:
        known = get_args(Activation)
        raise ValueError(f"activation '{name}' is not one of {', '.join(known)}{did_you_mean(name, list(known))}")
    return ACTIVATIONS[name]()


def maybe_spectral_norm(layer: nn.Module, enabled: bool) -> nn.Module:
    """Divide a layer's weight by its largest singular value (Miyato et al., 2018), if enabled."""
    return spectral_norm(layer) if enabled else layer
