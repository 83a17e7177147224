"""An image found again in latent space: what comes nearest to it, and how near."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.images import gallery, save_png, to_uint8
from gan.latent.projection import TRIED, project

__all__ = ["project_image"]


def project_image(
    generator: TrainedGenerator, image: Path, fit: bool, steps: int, starts: int, seed: int, out: Path
) -> None:
    """Project an image file; write a figure, and the noise beside it as ``.npy``.

    Raises:
        UserError: If the file is no image, or not of the generator's size.
    """
    target = read_image(image, generator.image_shape, fit)
    found = project(generator, target.float() / 127.5 - 1, steps, starts, seed=seed)
    made = [to_uint8(x).cpu() for x in (found.start, found.image)]
    apart = (made[1].int() - target.int()).abs().to(torch.uint8)
    names = ("image", "nearest sample", "projection", "difference")
    save_png(gallery({name: x[None, None] for name, x in zip(names, (target, *made, apart), strict=True)}, 4), out)
    latent = out.with_suffix(".npy")
    np.save(latent, found.z.cpu().numpy())
    label = f", class {found.label}" if generator.num_classes > 1 else ""
    shades = 127.5  # of 256, in a unit of [-1, 1]
    print(f"Distance {shades * found.distance:.1f} of 255 shades, the root of their mean square over pixels{label}")
    print(f"Began at {shades * found.start_distance:.1f}, the nearest of {TRIED:,} samples")
    print(f"Wrote {out} and {latent}")


def read_image(path: Path, shape: tuple[int, int, int], fit: bool) -> Tensor:
    """Read an image, uint8 with shape (C, H, W); ``fit`` crops its middle and scales it where its size is another.

    Raises:
        UserError: If it is no image, or not of that size.
    """
    channels, height, width = shape
    if channels not in (1, 3):
        raise UserError(f"the generator makes images of {channels} channels, which no image file has")
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("L" if channels == 1 else "RGB")
    except FileNotFoundError as error:
        raise UserError(f"there is no image at {path}") from error
    except (OSError, UnidentifiedImageError) as error:
        raise UserError(f"{path} is no image that can be read") from error
    if picture.size != (width, height):
        if not fit:
            found, wanted = f"{picture.width}x{picture.height}", f"{width}x{height}"
            raise UserError(f"{path} has {found} pixels, the generator's images {wanted}: crop and scale it with --fit")
        picture = ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.array(picture))
    return pixels[None] if channels == 1 else pixels.permute(2, 0, 1)
