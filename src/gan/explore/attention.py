"""Where the places of a sample look, in a generator with self-attention (as in Zhang et al., 2019, Figure 5)."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.images import enlarge, gallery, save_png
from gan.nn.attention import SelfAttention

__all__ = ["attention", "attention_maps"]

PLACES = [(0.5, 0.5), (0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]  # down and right, of height and width
COLORS = [(255, 60, 60), (70, 200, 70), (70, 130, 255), (255, 200, 0), (230, 90, 230)]
SIDE = 128  # pixels of a sample in the figure, or a few more
RADIUS = 5  # of a dot


def attention(generator: TrainedGenerator, num: int, seed: int, out: Path) -> None:
    """Draw samples with dots at five places, and beside each, in a dot's colour, how much that place looks where.

    Raises:
        UserError: If the generator has no attention.
    """
    maps, gamma = attention_maps(generator, num, seed)
    images = enlarge(generator.data.discretize(generator.sample(num, seed=seed)).cpu(), SIDE).expand(-1, 3, -1, -1)
    dots, looks = images.clone(), []
    for place, color in zip(PLACES, COLORS, strict=True):
        row, column = (int(share * size) for share, size in zip(place, maps.shape[1:3], strict=True))
        shade = overlaid(images, maps[:, row, column], color)
        middle = (row + 0.5) / maps.shape[1], (column + 0.5) / maps.shape[2]
        for picture in (dots, shade):
            draw_dot(picture, middle, color)
        looks.append(shade)
    save_png(gallery({"sample": dots[:, None], "where its places look": torch.stack(looks, 1)}, 1), out)

    weights = maps.flatten(3)
    spread = torch.special.entr(weights).sum(3).exp().mean()
    print(f"A place's attention is spread over {spread:.1f} of {weights.shape[3]} places; γ is {gamma:.3g}")
    print(f"Wrote {out}")


@torch.no_grad()
def attention_maps(generator: TrainedGenerator, num: int, seed: int = 0) -> tuple[Tensor, float]:
    """Return where each place of a seed's first samples looks, and γ, which says how much comes of it.

    Returns:
        Weights, with shape (num, H, W, H', W'): each place's sum to one over the last two, which are coarser. Then γ.

    Raises:
        UserError: If the generator has no attention.
    """
    seen: list[Tensor] = []
    with generator.model.inference_network(generator.use_ema) as network:
        layers = [layer for layer in network.modules() if isinstance(layer, SelfAttention)]
        if not layers:
            raise UserError(f"{generator.path}: its generator has no attention to show; model=sagan has")
        hook = layers[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        try:
            generator.sample(num, seed=seed)
        finally:
            hook.remove()
        weights = torch.cat([layers[0].attention(x) for x in seen]).cpu()
    height, width = seen[0].shape[2:]
    coarse = weights.unflatten(2, (-(-height // 2), -(-width // 2)))
    return coarse.unflatten(1, (height, width)), float(layers[0].gamma)


def overlaid(images: Tensor, maps: Tensor, color: tuple[int, int, int]) -> Tensor:
    """Show images dim and grey, uint8 with shape (N, 3, H, W), the more in a colour the more of a map is there."""
    strength = F.interpolate(maps[:, None], images.shape[2:], mode="bilinear")
    strength /= strength.amax((2, 3), keepdim=True)
    grey = images.float().mean(1, keepdim=True) / 2
    return torch.lerp(grey, torch.tensor(color).view(3, 1, 1).float(), 0.8 * strength).round().to(torch.uint8)


def draw_dot(images: Tensor, middle: tuple[float, float], color: tuple[int, int, int]) -> None:
    """Draw a dot with a dark rim in place, its middle given as shares of height and width."""
    rows, columns = (torch.arange(size) - share * size for share, size in zip(middle, images.shape[2:], strict=True))
    distance = torch.hypot(rows[:, None], columns)
    for radius, paint in ((RADIUS + 1.5, (0, 0, 0)), (RADIUS, color)):
        images[:, :, distance <= radius] = torch.tensor(paint, dtype=torch.uint8)[:, None]
