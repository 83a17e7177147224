"""MLP GAN: multilayer perceptrons, as in the first GAN (Goodfellow et al., 2014, Section 5)."""

from itertools import pairwise
from math import prod
from typing import Literal

import torch
from torch import Tensor, nn

from gan.bounds import Depth, ImageShape, Kernels, LatentDim, Packing, Positive, Probability, Width
from gan.models.gan import GAN
from gan.nn.layers import Activation, Maxout, Norm, activation_layer, maybe_spectral_norm, norm_layer
from gan.nn.minibatch_discrimination import MinibatchDiscrimination
from gan.types import DiscriminatorOutput

__all__ = ["MLPGAN", "Discriminator", "Generator"]


def hidden_layers(
    features: int, width: int, depth: int, activation: Activation, norm: Norm, spectral_norm: bool, gain: float = 1.0
) -> nn.Sequential:
    """Stack ``depth`` linear layers, each with norm and activation, from ``features`` inputs to ``width`` units.

    The first layer's initial weights and biases are multiplied by ``gain``.

    Raises:
        ValueError: If norm or activation is unknown.
    """
    layers: list[nn.Module] = []
    for inputs, units in pairwise([features] + [width] * depth):
        nonlinear = activation_layer(activation)
        linear = nn.Linear(inputs, units * nonlinear.pieces if isinstance(nonlinear, Maxout) else units)
        if not layers:
            with torch.no_grad():
                linear.weight.mul_(gain)
                linear.bias.mul_(gain)
        layers.append(maybe_spectral_norm(linear, spectral_norm))
        if norm != "none":
            layers.append(norm_layer(norm, linear.out_features, spatial=False))
        layers.append(nonlinear)
    return nn.Sequential(*layers)


class Generator(nn.Module):
    """Multilayer perceptron from latent vectors to images in [-1, 1].

    Args:
        image_shape: (C, H, W).
        latent_dim: Length of z.
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        activation: Activation of each hidden layer.
        norm: Normalisation of each hidden layer: ``batch``, ``layer`` or ``none``.
        output: Activation of the last layer: ``tanh``, or ``linear`` for unbounded data.
        spectral_norm: Whether to divide weights by their largest singular value.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        latent_dim: LatentDim = 100,
        width: Width = 512,
        depth: Depth = 3,
        activation: Activation = "leaky_relu",
        norm: Norm = "batch",
        output: Literal["tanh", "linear"] = "tanh",
        spectral_norm: bool = False,
    ) -> None:
        super().__init__()
        self.hidden = hidden_layers(latent_dim, width, depth, activation, norm, spectral_norm)
        bounded = nn.Tanh() if output == "tanh" else nn.Identity()
        self.head = nn.Sequential(nn.Linear(width, prod(image_shape)), bounded, nn.Unflatten(1, tuple(image_shape)))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map z, with shape (B, latent_dim), to images in [-1, 1], with shape (B, C, H, W)."""
        return self.head(self.hidden(z))


class Discriminator(nn.Module):
    """Multilayer perceptron from images to logits.

    Args:
        image_shape: (C, H, W).
        width: Units of each hidden layer.
        depth: Number of hidden layers.
        activation: Activation of each hidden layer.
        norm: Normalisation of each hidden layer: ``batch``, ``layer`` or ``none``.
        dropout: Fraction of features dropped before the last layer (Goodfellow et al., 2014, used dropout in D).
        spectral_norm: Whether to divide weights by their largest singular value.
        packing: Images per pack, concatenated along the channels.
        gain: Factor of the first layer's initial weights and biases; above one, D resolves finer structure early in
            training (like ω in Sitzmann et al., 2020, Section 3.2).
        minibatch_discrimination: Kernels of a minibatch discrimination before the last layer; 0 for none.

    Attributes:
        num_features: Length F of the output's features.
        batch_independent: Whether an image's output does not depend on the rest of the batch.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        width: Width = 512,
        depth: Depth = 3,
        activation: Activation = "leaky_relu",
        norm: Norm = "none",
        dropout: Probability = 0.0,
        spectral_norm: bool = False,
        packing: Packing = 1,
        gain: Positive = 1.0,
        minibatch_discrimination: Kernels = 0,
    ) -> None:
        super().__init__()
        self.hidden = hidden_layers(packing * prod(image_shape), width, depth, activation, norm, spectral_norm, gain)
        kernels = minibatch_discrimination
        similarity = [MinibatchDiscrimination(width, kernels)] if kernels else []
        last = maybe_spectral_norm(nn.Linear(width + kernels, 1), spectral_norm)
        self.head = nn.Sequential(nn.Dropout(dropout), *similarity, last)
        self.num_features = width
        self.batch_independent = norm != "batch" and not spectral_norm and not kernels

    def forward(self, images: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        """Map images, with shape (B, C, H, W), to logits and features."""
        features = self.hidden(images.flatten(1))
        return DiscriminatorOutput(self.head(features).flatten(), features)


class MLPGAN(GAN):
    """GAN of multilayer perceptrons; see GAN for the arguments."""
