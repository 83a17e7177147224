"""Attention maps of a generator with self-attention (as in Zhang et al., 2019, Figure 5)."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.images import gallery, magnify, save_png
from gan.nn.attention import SelfAttention

__all__ = ["attention", "attention_maps"]

QUERIES = [(0.5, 0.5), (0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]  # row and column, as shares of the size
COLORS = [(255, 60, 60), (70, 200, 70), (70, 130, 255), (255, 200, 0), (230, 90, 230)]
MIN_SIZE = 128  # pixels of a sample in the figure
RADIUS = 5  # pixels of a dot


def attention(generator: TrainedGenerator, num: int, seed: int, out: Path) -> None:
    """Draw samples with a dot at five query positions, and beside each the attention maps of these positions.

    Args:
        generator: The generator.
        num: Number of samples.
        seed: Seed of the samples.
        out: PNG file to write.

    Raises:
        UserError: If the generator has no attention.
    """
    maps, gamma = attention_maps(generator, num, seed)
    samples = magnify(generator.data.discretize(generator.sample(num, seed=seed)).cpu(), MIN_SIZE)
    samples = samples.expand(-1, 3, -1, -1)
    marked, overlays = samples.clone(), []
    for query, color in zip(QUERIES, COLORS, strict=True):
        row, column = (int(share * size) for share, size in zip(query, maps.shape[1:3], strict=True))
        overlay = overlay_map(samples, maps[:, row, column], color)
        center = (row + 0.5) / maps.shape[1], (column + 0.5) / maps.shape[2]
        for picture in (marked, overlay):
            draw_dot(picture, center, color)
        overlays.append(overlay)
    save_png(gallery({"sample": marked[:, None], "attention at each dot": torch.stack(overlays, 1)}, 1), out)

    weights = maps.flatten(3)
    perplexity = torch.special.entr(weights).sum(3).exp().mean()
    print(f"Attention of a position spreads over {perplexity:.1f} of {weights.shape[3]} positions; γ is {gamma:.3g}")
    print(f"Wrote {out}")


@torch.no_grad()
def attention_maps(generator: TrainedGenerator, num: int, seed: int = 0) -> tuple[Tensor, float]:
    """Return the attention weights of samples, and the factor γ by which attention is added.

    Args:
        generator: The generator.
        num: Number of samples.
        seed: Seed of the samples.

    Returns:
        Weights with shape (num, H, W, H', W'), which sum to 1 over the keys' coarser grid H' x W', and γ.

    Raises:
        UserError: If the generator has no attention.
    """
    inputs: list[Tensor] = []
    with generator.model.inference_network(generator.use_ema) as network:
        layers = [layer for layer in network.modules() if isinstance(layer, SelfAttention)]
        if not layers:
            raise UserError(f"{generator.path}: its generator has no attention to show; model=sagan has")
        hook = layers[0].register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
        try:
            generator.sample(num, seed=seed)
        finally:
            hook.remove()
        weights = torch.cat([layers[0].attention(x) for x in inputs]).cpu()
    height, width = inputs[0].shape[2:]
    keys = weights.unflatten(2, (-(-height // 2), -(-width // 2)))
    return keys.unflatten(1, (height, width)), float(layers[0].gamma)


def overlay_map(images: Tensor, maps: Tensor, color: tuple[int, int, int]) -> Tensor:
    """Blend darkened grey images with a colour, the more the larger the map is.

    Args:
        images: uint8, with shape (N, 3, H, W).
        maps: Non-negative, with shape (N, H', W'); resized to the images and scaled to a maximum of 1.
        color: RGB values from 0 to 255.

    Returns:
        uint8, with shape (N, 3, H, W).
    """
    strength = F.interpolate(maps[:, None], images.shape[2:], mode="bilinear")
    strength /= strength.amax((2, 3), keepdim=True)
    grey = images.float().mean(1, keepdim=True) / 2
    return torch.lerp(grey, torch.tensor(color).view(3, 1, 1).float(), 0.8 * strength).round().to(torch.uint8)


def draw_dot(images: Tensor, center: tuple[float, float], color: tuple[int, int, int]) -> None:
    """Draw a dot with a black rim on images, in place; the centre is given as shares of height and width."""
    rows, columns = (torch.arange(size) - share * size for share, size in zip(center, images.shape[2:], strict=True))
    distance = torch.hypot(rows[:, None], columns)
    for radius, fill in ((RADIUS + 1.5, (0, 0, 0)), (RADIUS, color)):
        images[:, :, distance <= radius] = torch.tensor(fill, dtype=torch.uint8)[:, None]
