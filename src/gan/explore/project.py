"""Projection of an image file into latent space."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.data.base import as_images
from gan.errors import UserError
from gan.image_files import convert_to_8_bits, open_image
from gan.images import from_uint8, gallery, save_png, to_uint8
from gan.latent.projection import NUM_CANDIDATES, project
from gan.latent.style_projection import project_to_styles
from gan.models.stylegan2 import StyleGAN2
from gan.nn.pretrained.base import FeatureMaps
from gan.nn.pretrained.efficientnet import EfficientNetLite0Maps
from gan.runs.writing import atomic_path

__all__ = ["ProjectionSpace", "project_image"]

ProjectionSpace = Literal["z", "w+"]

SHADES = 127.5  # per unit of [-1, 1]


def project_image(
    generator: TrainedGenerator,
    image: Path,
    fit: bool,
    space: ProjectionSpace | None,
    steps: int | None,
    starts: int | None,
    seed: int,
    out: Path,
) -> None:
    """Project an image file, draw the result, and save its latent beside the figure.

    That is z as ``.npy``, or the vectors w, under ``w``, and the noise of each layer as ``.npz``.

    Args:
        generator: The generator.
        image: The image file.
        fit: Whether to crop and resize an image of another size.
        space: Space of the vector, or vectors; None for W+ where there is one, and Z otherwise.
        steps: Steps of gradient descent; None for 300 in Z and 1,000 in W+.
        starts: Number of descents in Z; None for 8.
        seed: Seed of the samples from which descent starts, and of noise.
        out: PNG file to write.

    Raises:
        UserError: If the generator has no latent vector or no such space, or the file is not an image, or has another
            size than the generator's images.
    """
    generator.check_latent()
    target = read_image(image, as_images(generator.data, "this view").image_shape, fit)
    if space == "w+" or (space is None and isinstance(generator.model, StyleGAN2)):
        if starts is not None:
            raise UserError("--starts is for --space z: in w+, the descent starts at the mean of w")
        found = project_to_styles(generator, from_uint8(target), _feature_maps(generator), steps or 1000, seed=seed)
        _draw({"image": target, "mean of w": found.start, "projection": found.image}, out)
        latent = out.with_suffix(".npz")
        arrays: dict[str, Any] = {name: value.cpu().numpy() for name, value in (found.inputs.noise or {}).items()}
        with atomic_path(latent) as partial, partial.open("wb") as file:
            np.savez_compressed(file, **arrays)
        print(f"Distance {SHADES * found.distance:.1f} of 255 shades (root mean square over pixels)")
        print(f"Image of the mean of w at {SHADES * found.start_distance:.1f}, before the descent")
    else:
        projection = project(generator, from_uint8(target), steps or 300, starts or 8, seed=seed)
        _draw({"image": target, "nearest sample": projection.start, "projection": projection.image}, out)
        latent = out.with_suffix(".npy")
        with atomic_path(latent) as partial, partial.open("wb") as file:
            np.save(file, projection.z.cpu().numpy())
        label = f", class {projection.label}" if generator.num_classes > 1 else ""
        print(f"Distance {SHADES * projection.distance:.1f} of 255 shades (root mean square over pixels){label}")
        print(f"Nearest of {NUM_CANDIDATES:,} samples at {SHADES * projection.start_distance:.1f}, before the descent")
    print(f"Wrote {out} and {latent}")


def _feature_maps(generator: TrainedGenerator) -> FeatureMaps | None:
    """Load the network in whose features images are compared; without it, say so."""
    try:
        return EfficientNetLite0Maps().to(generator.device)
    except UserError as error:
        print(f"Images are compared in pixels alone: {error}")
        return None


def _draw(images: dict[str, Tensor], out: Path) -> None:
    """Draw images, uint8 or in [-1, 1], and the difference of the first and the last."""
    shown = {name: x if x.dtype == torch.uint8 else to_uint8(x).cpu() for name, x in images.items()}
    first, *_, last = (x.int() for x in shown.values())
    shown["difference"] = (last - first).abs().to(torch.uint8)
    save_png(gallery({name: x[None, None] for name, x in shown.items()}, 4), out)


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
