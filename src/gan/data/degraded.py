"""Images whose condition is made on the fly: a grey, small, masked or drawn copy of each."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from annotated_types import Ge, Le
from PIL import Image
from torch import Tensor

from gan.bounds import Channels, Classes, Pixels
from gan.data.base import ImageDataModule, ImageDataset, Split
from gan.data.degradations.base import ConditionBaseline, Degradation
from gan.data.degradations.downsample import Downsample
from gan.data.degradations.edges import Edges
from gan.data.degradations.gray import Gray
from gan.data.degradations.holes import Hole
from gan.data.degradations.lab import Lab
from gan.data.degradations.mask import Mask
from gan.data.degradations.shape import DegradationName, degraded_shape
from gan.data.module import TrivialBaseline
from gan.data.trivial import mean_image
from gan.errors import UserError
from gan.keyed_random import KeyedRandom
from gan.types import Batch, Request, Samples

__all__ = ["Degraded"]

DownsamplingFactor = Annotated[int, Ge(2), Le(16)]
IN_COLOUR = ("gray", "lab")


class Degraded(ImageDataModule):
    """Images of a data module, each with a degraded copy as its condition, which a model learns to restore.

    Whole images are stored; they are cropped and mirrored first, and degraded then, on the device.

    Args:
        images: Data module of the whole images.
        degrade: ``gray``: the grey copy; ``lab``: the lightness of CIELAB, to which a* and b* are generated;
            ``downsample``: the small copy, antialiased bicubic; ``mask``: the image with a hole, and a channel that is
            1 in the hole; ``edges``: a drawing of the edges.
        image_size: Height of images in pixels, and their width unless that is given.
        width: Width of images in pixels; None for squares.
        image_channels: Channels of the whole images.
        factor: Divisor of height and width, for ``downsample``.
        mask: Hole, for ``mask``: a half, ``centre``, a random ``box``, or random ``strokes``.
        channels: Channels that are generated; follows from ``degrade``, as do the next three.
        source_channels: Channels of the condition.
        source_size: Height of the condition in pixels.
        source_width: Width of the condition in pixels.
        num_classes: Number of classes; None for that of ``images``.
        **settings: Arguments of ImageDataModule.

    Raises:
        UserError: If the images do not fit the degradation.
    """

    def __init__(
        self,
        images: ImageDataModule,
        degrade: DegradationName,
        image_size: Pixels,
        width: Pixels | None = None,
        image_channels: Channels = 3,
        factor: DownsamplingFactor = 4,
        mask: Hole = "lower_half",
        channels: Channels | None = None,
        source_channels: Channels | None = None,
        source_size: Pixels | None = None,
        source_width: Pixels | None = None,
        num_classes: Classes | None = None,
        **settings: Any,
    ) -> None:
        width = width or image_size
        shape = degraded_shape(degrade, image_channels, image_size, width, factor)
        given = (channels, source_channels, source_size, source_width)
        for name, value, follows in zip(shape._fields, given, shape, strict=True):
            if value not in (None, follows):
                raise UserError(
                    f"data.{name}={value}, but it is {follows} with data.degrade={degrade}: leave it out; "
                    "data.image_channels and data.image_size are those of whole images"
                )
        if images.image_shape != (image_channels, image_size, width):
            raise UserError(
                f"data.images has images of {images.image_shape}: they need data.image_channels={image_channels}, "
                f"data.image_size={image_size} and data.width={width}"
            )
        if degrade in IN_COLOUR and image_channels != 3:
            raise UserError(
                f"data.degrade={degrade} needs colour images, but data.image_channels={image_channels}: choose "
                "downsample, mask or edges for grey ones"
            )
        if degrade == "downsample" and (image_size % factor or width % factor):
            raise UserError(
                f"data.factor={factor} does not divide images of {width}x{image_size} pixels: data.image_size and "
                "data.width need to be multiples of it"
            )
        super().__init__(
            image_size=image_size,
            width=width,
            channels=shape.channels,
            num_classes=num_classes or images.num_classes,
            **settings,
        )
        self.images, self.degrade, self.image_channels = images, degrade, image_channels
        self.background = images.background
        self.source_channels, self.source_size, self.source_width = shape[1:]
        degradations: dict[DegradationName, Callable[[], Degradation]] = {
            "gray": Gray,
            "lab": Lab,
            "downsample": partial(Downsample, factor, image_channels),
            "mask": partial(Mask, mask, image_channels),
            "edges": Edges,
        }
        self.degradation = degradations[degrade]()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.image_channels, self.image_size, self.width

    @property
    def source_shape(self) -> tuple[int, int, int]:
        return self.source_channels, self.source_size, self.source_width

    def load(self, split: Split) -> ImageDataset:
        return self.images.split(split)

    def load_enlarged(self, factor: float) -> ImageDataset | None:
        return self.images.load_enlarged(factor)

    def fingerprint(self, split: Split) -> str:
        """Return the hash of the whole images, which are what is scored."""
        return self.images.fingerprint(split)

    def make_condition(self, batch: Batch, rng: KeyedRandom) -> Batch:
        """Degrade the images."""
        condition = self.degradation.condition(batch.real, rng)
        return batch._replace(real=self.degradation.target(batch.real), condition=condition)

    def condition_of_image(self, image: Image.Image, mask: Image.Image | None = None) -> Tensor:
        """Return a degraded image of a user's as a condition: a grey or small image, a drawing, or one with a hole."""
        return self.degradation.condition_of_image(image, mask, self.background)

    def complete(self, samples: Samples) -> Samples:
        """Join what is generated with the condition to whole images; the lightness becomes a grey image.

        Raises:
            UserError: If there is no condition.
        """
        condition, join = samples.condition, self.degradation.join
        if not isinstance(condition, Tensor):
            raise UserError(f"data.degrade={self.degrade} needs a model with a condition, such as pix2pix")
        return samples._replace(
            images=join(condition, samples.images),
            real=None if samples.real is None else join(condition, samples.real),
            condition=self.degradation.complete_condition(condition),
        )

    def trivial_baselines(self) -> dict[str, TrivialBaseline]:
        """Return the trivial restorations of the degradation and, for some, the mean training image."""

        def restore(baseline: ConditionBaseline, request: Request) -> Tensor:
            assert isinstance(request.condition, Tensor)
            return baseline(request.condition)

        def fill(mean: TrivialBaseline, request: Request) -> Tensor:
            assert isinstance(request.condition, Tensor)
            return self.degradation.keep_known(request.condition, mean(request))

        simple = self.degradation.trivial_baselines.items()
        baselines: dict[str, TrivialBaseline] = {name: partial(restore, baseline) for name, baseline in simple}
        if self.degradation.compare_with_mean:
            baselines["mean"] = partial(fill, mean_image(self))
        return baselines

    def picture_of_condition(self, condition: Tensor) -> Tensor:
        return self.degradation.picture(condition, self.image_channels)
