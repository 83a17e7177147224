"""Thread-safe translation of the images that the page sends, independent of Gradio."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import torch
from PIL import Image
from pydantic import BaseModel, Field
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator
from gan.checkpoint.translation import Direction
from gan.data.base import as_images
from gan.demo.painting import Painting, add_paint, fit, painting_of, palette, to_8_bits, to_image
from gan.demo.uploads import open_paint, open_upload
from gan.errors import UserError
from gan.images import to_uint8
from gan.types import Samples, map_tensors

__all__ = ["MAX_EXAMPLES", "DemoTranslator", "Examples", "Size", "Source", "Translated"]

MAX_EXAMPLES = 12
BLACK_ON_WHITE = ["#ffffff", "#000000"]
MAX_PIXELS = 2**21  # of an image that is translated at its own size
TILE = 1024  # pixels

Size = Literal["trained", "own"]
"""Size of translated images: that of training, or their own."""


class Source(BaseModel, frozen=True):
    """Source image: a held-out example, an upload, or else blank paper; with paint on it.

    Attributes:
        example: Number of the example.
        upload: Uploaded file; not of the page's own choice.
        paint: Strokes of the canvas, a PNG as a data URL.
    """

    example: Annotated[int | None, Field(ge=0, lt=MAX_EXAMPLES)] = None
    upload: Path | None = None
    paint: str | None = None


class Examples(NamedTuple):
    """Held-out source images, in [-1, 1].

    Attributes:
        conditions: As the network takes them, with shape (N, C, H, W).
        pictures: As they are shown.
        whole: As they are painted on: those with a hole are whole.
        targets: Image that belongs to each, if the data are paired.
    """

    conditions: Tensor
    pictures: Tensor
    whole: Tensor
    targets: Tensor | None


@dataclass(frozen=True)
class Translated:
    """Source image and its translation, uint8 with shape (C, H, W).

    Attributes:
        source: The source image as the network sees it.
        output: Its translation.
        target: The true image, if there is one.
    """

    source: Tensor
    output: Tensor
    target: Tensor | None


class DemoTranslator:
    """Generator of translated images that serves concurrent requests of the page.

    Args:
        generator: The generator.

    Attributes:
        directions: Directions of translation.
        in_colour: Whether source images of a direction have colours.
        has_noise: Whether translations depend on a seed.
    """

    def __init__(self, generator: TrainedGenerator) -> None:
        self.generator, self.lock = generator, threading.RLock()  # one image at a time is decoded and translated
        self.data = as_images(generator.data, "translation")
        with generator.model.inference_network() as network:
            back = generator.model.reversed_network(network) is not None
        self.directions: list[Direction] = ["AtoB", "BtoA"] if back else ["AtoB"]
        self.in_colour = any(generator.translator(direction=x).source_shape[0] > 1 for x in self.directions)
        shape = self.data.source_shape
        assert shape is not None
        inputs = generator.model.translation_input(torch.zeros(1, *shape, device=generator.device))
        self.has_noise = inputs.z is not None or bool(inputs.noise)
        self.examples = cache(self._examples)
        self.colours = cache(self._colours)

    def painting(self, direction: Direction) -> Painting | None:
        """Return what painting on a source image means; None if it means nothing."""
        return painting_of(self.data, direction)

    def image_size(self, direction: Direction) -> tuple[int, int]:
        """Return the height and width of source images in training."""
        return self.generator.translator(direction=direction).source_shape[1:]

    def _colours(self, *directions: Direction) -> list[str]:
        """Return the most frequent colours of the examples of some directions, as ``#rrggbb``."""
        try:
            return palette(*(to_uint8(self.examples(direction).pictures) for direction in directions))
        except UserError:  # which the page shows in the place of the examples
            return BLACK_ON_WHITE

    def paper(self, direction: Direction) -> str:
        """Return the colour of blank paper: the most frequent one."""
        return self.colours(direction)[0]

    @contextmanager
    def open_source(self, source: Source, direction: Direction, size: Size) -> Iterator[Image.Image]:
        """Open the image that is painted on, without its paint.

        Raises:
            UserError: If it cannot be read, or is too large.
        """
        height, width = self.image_size(direction)
        if source.example is not None:
            yield to_image(to_uint8(self.example(direction, source.example).whole[0]))
        elif source.upload is None:
            if self.painting(direction) != "drawing":
                raise UserError("upload an image to translate it")
            yield Image.new("RGB", (width, height), self.paper(direction))
        else:
            with self.lock, open_upload(source.upload) as upload:
                if size == "own" and upload.width * upload.height > MAX_PIXELS:
                    raise UserError(
                        f"{source.upload.name} has {upload.width}x{upload.height} pixels, too many to translate here "
                        "at its own size: choose that of training, or use python -m gan.translate"
                    )
                image = to_8_bits(upload, self.data.background, transparency=self.painting(direction) == "hole")
                yield image if size == "own" else fit(image, height, width)

    def translate(self, source: Source, direction: Direction, size: Size, seed: int) -> Translated:
        """Translate a source image.

        Args:
            source: The image.
            direction: Direction of translation.
            size: Size of an upload.
            seed: Seed of noise.

        Raises:
            UserError: If the image cannot be read, or does not fit.
        """
        translator = self.generator.translator(direction=direction, seed=seed, tile=TILE)
        target = None
        if source.example is not None and source.paint is None:
            example = self.example(direction, source.example)
            condition, picture, target = example.conditions, example.pictures, example.targets
        else:
            mask, painting = None, self.painting(direction)
            if painting == "hole" and source.example is not None:
                target = self.example(direction, source.example).targets
            with self.open_source(source, direction, size) as image:
                if source.paint is not None and painting is not None:
                    with open_paint(source.paint) as paint:
                        image, mask = add_paint(image, paint, painting)
                elif painting == "hole" and not image.has_transparency_data:
                    raise UserError("paint the hole that is to be filled")
                condition = translator.read(image, mask)[None]
            picture = self._picture(condition, direction)
        with self.lock:
            output = translator(condition).cpu()
        return Translated(to_uint8(picture[0]), to_uint8(output[0]), None if target is None else to_uint8(target[0]))

    def example(self, direction: Direction, number: int) -> Examples:
        """Return one of the examples.

        Raises:
            UserError: If there is none of this number.
        """
        examples = self.examples(direction)
        if number >= len(examples.conditions):
            raise UserError(f"there is no held-out example {number}")
        return map_tensors(lambda x: x[number : number + 1], examples)

    def _examples(self, direction: Direction) -> Examples:
        """Load the first held-out source images, and what belongs to them.

        Raises:
            UserError: If the data set is not on this machine.
        """
        if direction == "BtoA":
            split = self.data.split("test")
            images = self.data.scale_batch(split.__getitems__(list(range(min(MAX_EXAMPLES, len(split)))))).real
            return Examples(images, images, images, None)
        condition, labels, real, _ = self.data.requests(range(min(MAX_EXAMPLES, self.data.num_requests)))
        assert isinstance(condition, Tensor)
        if real is None:
            return Examples(condition, condition, condition, None)
        assert labels is not None
        whole = self.data.complete(Samples(real, labels, condition, real))
        assert isinstance(whole.condition, Tensor)
        pictures = self.data.picture_of_condition(whole.condition)
        return Examples(
            condition, pictures, whole.images if self.painting(direction) == "hole" else pictures, whole.real
        )

    def _picture(self, condition: Tensor, direction: Direction) -> Tensor:
        """Return a source image as it is shown, with shape (1, C, H, W)."""
        if direction == "BtoA":
            return condition
        nothing = condition.new_zeros(
            1, self.data.output_shape[0], *condition.shape[2:]
        )  # in the generated image's place
        complete = self.data.complete(Samples(nothing, torch.zeros(1, dtype=torch.long), condition)).condition
        assert isinstance(complete, Tensor)
        return self.data.picture_of_condition(complete)
