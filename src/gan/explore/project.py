"""Projection of an image file into latent space."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.errors import UserError
from gan.image_files import convert_to_8_bits, open_image
from gan.images import from_uint8, gallery, save_png, to_uint8
from gan.latent.projection import NUM_CANDIDATES, project
from gan.runs.writing import atomic_path

__all__ = ["project_image"]

SHADES = 127.5  # per unit of [-1, 1]


def project_image(
    generator: TrainedGenerator, image: Path, fit: bool, steps: int, starts: int, seed: int, out: Path
) -> None:
    """Project an image file, draw the result, and save the latent vector beside the figure as ``.npy``.

    Args:
        generator: The generator.
        image: The image file.
        fit: Whether to crop and resize an image of another size.
        steps: Steps of gradient descent.
        starts: Number of descents.
        seed: Seed of the samples from which descent starts.
        out: PNG file to write.

    Raises:
        UserError: If the generator has no latent vector, or the file is not an image, or has another size than the
            generator's images.
    """
    generator.check_latent()
    target = read_image(image, generator.image_shape, fit)
    projection = project(generator, from_uint8(target), steps, starts, seed=seed)
    start, projected = (to_uint8(x).cpu() for x in (projection.start, projection.image))
    difference = (projected.int() - target.int()).abs().to(torch.uint8)
    images = {"image": target, "nearest sample": start, "projection": projected, "difference": difference}
    save_png(gallery({name: x[None, None] for name, x in images.items()}, 4), out)
    latent = out.with_suffix(".npy")
    with atomic_path(latent) as partial, partial.open("wb") as file:
        np.save(file, projection.z.cpu().numpy())
    label = f", class {projection.label}" if generator.num_classes > 1 else ""
    print(f"Distance {SHADES * projection.distance:.1f} of 255 shades (root mean square over pixels){label}")
    print(f"Nearest of {NUM_CANDIDATES:,} samples at {SHADES * projection.start_distance:.1f}, before the descent")
    print(f"Wrote {out} and {latent}")


def read_image(path: Path, shape: tuple[int, int, int], fit: bool) -> Tensor:
    """Read an image file.

    Args:
        path: The file.
        shape: Channels, height and width.
        fit: Whether to crop the centre and resize it, if the image has another size.

    Returns:
        uint8, with the given shape.

    Raises:
        UserError: If the file is not an image, or has another size.
    """
    channels, height, width = shape
    if channels not in (1, 3):
        raise UserError(f"the generator makes images of {channels} channels, but image files have 1 or 3")
    with open_image(path) as file:
        picture = convert_to_8_bits(file, channels, "white")
    if picture.size != (width, height):
        if not fit:
            actual, expected = f"{picture.width}x{picture.height}", f"{width}x{height}"
            raise UserError(
                f"{path} has {actual} pixels, the generator's images {expected}: --fit crops and resizes it"
            )
        picture = ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.array(picture))
    return pixels[None] if channels == 1 else pixels.permute(2, 0, 1)
