"""Translation of source images of any size by a trained generator."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from pathlib import Path
from typing import Literal

import torch
from PIL import Image
from torch import Tensor, nn

from gan.data.base import ImageDataModule
from gan.data.image_tensor import image_tensor
from gan.errors import UserError
from gan.formats import printable
from gan.image_files import open_image
from gan.memory import explaining_memory
from gan.models.sampler import Sampler
from gan.nn.tiles import blend_tiles, pad_by_reflection
from gan.types import GeneratorInput, Samples

__all__ = ["Direction", "ImageOrPath", "Images", "Translator"]

Direction = Literal["AtoB", "BtoA"]
"""From source images (A) to images like those that were generated in training (B), or back."""

ImageOrPath = Image.Image | str | Path
"""An open image, or an image file."""

Images = Tensor | ImageOrPath | Sequence[ImageOrPath]
"""Images of one size: a tensor, (B, C, H, W), or one or several that are open or files."""


@dataclass(frozen=True)
class Translator:
    """Translation of source images by a generator's network, in evaluation mode.

    A network says by an attribute ``divisor`` that it takes every multiple of it as a height and a width, from the size
    of training on. Images of other sizes are padded by reflection, and their translations are cropped. A network
    without that attribute is given tiles of the size of training.

    Args:
        model: The model.
        data: Its data module, of which nothing is loaded.
        use_ema: Whether to use the moving average of the weights, if there is one.
        direction: ``BtoA`` for a model that also translates back.
        seed: Seed of noise, such as dropout masks; all images and tiles of one size have the same noise.
        tile: Height and width of tiles, rounded up to a size that the network takes; None for whole images.
        overlap: Pixels in which neighbouring tiles fade into each other; None for a quarter of a tile.
        noise: Whether there is noise, such as dropout, if the model has it at sampling.

    Raises:
        UserError: If the model translates no images, or not in this direction, or a number is out of range.
    """

    model: Sampler
    data: ImageDataModule
    use_ema: bool = True
    direction: Direction = "AtoB"
    seed: int = 0
    tile: int | None = None
    overlap: int | None = None
    noise: bool = True

    def __post_init__(self) -> None:
        if self.data.source_shape is None or not self.model.uses_condition:
            raise UserError(
                f"{type(self.model).__name__} does not translate images: python -m gan.sample draws samples of it"
            )
        with self.network():
            pass  # there is one of this direction
        if self.seed < 0:
            raise UserError(f"the seed must be at least 0, not {self.seed}")
        if self.tile is not None and self.tile < 1:
            raise UserError(f"a tile must have at least 1 pixel, not {self.tile}")
        if self.overlap is not None:
            half = None if self._tile is None else min(self._tile) // 2
            if half is None:
                raise UserError("an overlap is one of tiles: name their size as well (--tile)")
            if not 0 <= self.overlap <= half:
                raise UserError(f"the overlap must be from 0 to half a tile, {half} pixels, not {self.overlap}")

    @cached_property
    def source_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the source images in training."""
        source = self.data.source_shape
        assert source is not None
        return source if self.direction == "AtoB" else self.data.image_shape

    @cached_property
    def divisor(self) -> int | None:
        """Divisor of the heights and widths that the network takes; None if it may take those of training alone."""
        with self.network() as network:
            return getattr(network, "divisor", None)

    @contextmanager
    def network(self) -> Iterator[nn.Module]:
        """Yield the network of the direction, in evaluation mode.

        Raises:
            UserError: If there is none.
        """
        with self.model.inference_network(self.use_ema) as network:
            if self.direction == "AtoB":
                yield network
            elif (back := self.model.reversed_network(network)) is not None:
                yield back
            else:
                raise UserError(
                    f"{type(self.model).__name__} translates in one direction: train it the other way round, as with "
                    "data.direction=BtoA of data=pairs, or use model=cyclegan"
                )

    def read(self, image: ImageOrPath, mask: ImageOrPath | None = None) -> Tensor:
        """Read an image as a source image, float32 in [-1, 1] with shape (C, H, W), converted as in training.

        Args:
            image: File, or open image of any mode and size.
            mask: Hole to fill, white in it, for data with holes; None for the transparent pixels.

        Raises:
            UserError: If a file cannot be read as an image, or the image or the mask does not fit the data.
        """
        with ExitStack() as stack:
            opened, hole = (
                stack.enter_context(open_image(Path(x))) if isinstance(x, str | Path) else x and x.copy()
                for x in (image, mask)
            )
            assert opened is not None
            try:
                if self.direction == "AtoB":
                    return self.data.condition_of_image(opened, hole)
                if hole is not None:
                    raise UserError("images to translate back have no holes: pass no mask")
                return image_tensor(opened, self.source_shape[0], self.data.background)
            except UserError as error:
                name = f"{printable(str(image))}: " if isinstance(image, str | Path) else ""
                raise UserError(f"{name}{error}") from error

    def read_all(self, images: Images, masks: ImageOrPath | Sequence[ImageOrPath] | None = None) -> Tensor:
        """Return source images of one size, with shape (B, C, H, W); a tensor is returned as it is.

        Raises:
            UserError: If one cannot be read or does not fit the data, or they have several sizes.
        """
        if isinstance(images, Tensor):
            if masks is not None:
                raise UserError("a tensor of source images holds its masks, as its last channel: pass no others")
            return images
        listed, holes = as_list(images), [None] if masks is None else as_list(masks)
        if masks is not None and len(listed) != len(holes):
            raise UserError(f"each image needs a mask, but there are {len(listed)} images and {len(holes)} masks")
        sources = [self.read(image, mask) for image, mask in zip(listed, cycle(holes), strict=False)]
        sizes = sorted({f"{source.shape[2]}x{source.shape[1]}" for source in sources})
        if len(sizes) != 1:
            raise UserError(f"a tensor holds images of one size: pass those of {', '.join(sizes) or 'no size'} apart")
        return torch.stack(sources)

    @torch.no_grad()
    def __call__(self, sources: Tensor) -> Tensor:
        """Translate source images of one size.

        Args:
            sources: In [-1, 1], with shape (B, C, H, W), as ``read`` returns them.

        Returns:
            Images in [-1, 1], as they are shown, float32 with shape (B, C', H', W') on the model's device: of the size
            of the sources, or larger by the scale of a model for super-resolution.

        Raises:
            UserError: If the sources have another shape, or memory runs out.
        """
        if sources.dim() != 4 or sources.shape[1] != self.source_shape[0] or not sources.numel():
            raise UserError(f"sources need the shape (B, {self.source_shape[0]}, H, W), not {tuple(sources.shape)}")
        sources = sources.to(self.model.device, torch.float32)
        height, width = sources.shape[2:]
        padded = pad_by_reflection(sources, *(self._fit(axis, side) for axis, side in ((1, height), (2, width))))
        tile = (padded.shape[2], padded.shape[3]) if self._tile is None else self._tile
        overlap = min(tile) // 4 if self.overlap is None else self.overlap
        with self.network() as network, explaining_memory("translate in tiles, or in smaller ones (--tile)"):
            images = blend_tiles(
                lambda part: self.model.run_generator(network, self.inputs(part)).images, padded, tile, overlap
            )
        scale = images.shape[2] // padded.shape[2]
        return self.show(images[:, :, : scale * height, : scale * width], sources)

    def inputs(self, sources: Tensor) -> GeneratorInput:
        """Return the network's input for source images of a size that it takes."""
        inputs = self.model.translation_input(sources, self.seed)
        return inputs if self.noise else inputs._replace(noise=None)

    def show(self, images: Tensor, sources: Tensor) -> Tensor:
        """Return generated images in the form in which they are shown, in [-1, 1]."""
        if self.direction == "AtoB":
            labels = torch.zeros(images.shape[0], dtype=torch.long, device=images.device)
            images = self.data.complete(Samples(images, labels, sources)).images
        return images.clamp(-1, 1)

    def _fit(self, axis: int, side: int) -> int:
        """Return the least number of pixels, along an axis, that holds a side and that the network takes."""
        divisor = self.divisor or 1
        return -(-max(side, self.source_shape[axis]) // divisor) * divisor

    @cached_property
    def _tile(self) -> tuple[int, int] | None:
        if self.divisor is None:
            return self.source_shape[1:]
        return None if self.tile is None else (self._fit(1, self.tile), self._fit(2, self.tile))


def as_list(images: ImageOrPath | Sequence[ImageOrPath]) -> list[ImageOrPath]:
    """Return a single image as a list of one."""
    return [images] if isinstance(images, ImageOrPath) else list(images)
