"""Values of the page's controls, validated; they are also the parameters of its download links."""

from typing import Annotated

from pydantic import BaseModel, Field

from gan.latent.directions import Method
from gan.models.interpolation import LatentPath

__all__ = ["MAX_DIRECTIONS", "MAX_POINTS", "MAX_TEXT", "MorphSettings", "SampleSettings"]

MAX_DIRECTIONS = 5
MAX_POINTS = 2500
MAX_TEXT = 1000


class SampleSettings(BaseModel, frozen=True):
    """Samples of a seed, optionally shifted along latent directions.

    Attributes:
        seed: Seed of the noise.
        truncation: Truncation of the noise, as in ``TrainedGenerator.sample``.
        num: Number of samples.
        label: Class of the samples; None to cycle through all classes.
        method: Method that finds the directions.
        text: Sentence that the samples show, for generators of images from sentences; empty for held-out sentences.
        shifts: Shift along each direction, in standard deviations of the noise.
    """

    seed: Annotated[int, Field(ge=0)] = 0
    truncation: Annotated[float | None, Field(gt=0)] = None
    num: Annotated[int, Field(ge=1, le=MAX_POINTS)] = 1
    label: Annotated[int | None, Field(ge=0)] = None
    method: Method = "principal"
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    shifts: Annotated[tuple[float, ...], Field(max_length=MAX_DIRECTIONS)] = ()


class MorphSettings(BaseModel, frozen=True):
    """Interpolation between the first samples of two seeds.

    Attributes:
        start: Seed of the first sample.
        end: Seed of the last sample.
        start_label: Class of the first sample; None for an unconditional generator.
        end_label: Class of the last sample.
        path: Interpolation of latent vectors; that of classes is linear.
        t: Position on the path, from 0 to 1.
    """

    start: Annotated[int, Field(ge=0)] = 0
    end: Annotated[int, Field(ge=0)] = 1
    start_label: Annotated[int | None, Field(ge=0)] = None
    end_label: Annotated[int | None, Field(ge=0)] = None
    path: LatentPath = "spherical"
    t: Annotated[float, Field(ge=0, le=1)] = 0.5
