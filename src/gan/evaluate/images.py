"""Images to evaluate, from a checkpoint's generator or from a folder."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from gan.checkpoint.reading import Checkpoint, restore
from gan.data.base import ImageDataModule
from gan.data.find_images import find_images
from gan.data.image_folder import ImageFolder
from gan.data.module import DataModule
from gan.data.streamed_images import ADVICE
from gan.distributed.group import rank_range
from gan.errors import UserError
from gan.evaluate.pairs import beside_targets
from gan.image_files import is_grey, open_image
from gan.metrics.sampled import SampledImages, SampleSource
from gan.runs.folder import run_folder_of
from gan.types import Samples

__all__ = ["EvaluatedImages", "images_of_folder", "open_folder", "samples_of_checkpoint"]


@dataclass(frozen=True)
class EvaluatedImages:
    """One set of images per seed.

    Attributes:
        name: Description for the results.
        model: Description of the model, for results that no sample has a part in; empty for a folder.
        num: Images per set, on all ranks together.
        seeds: Seeds of the sets; a folder has a single set.
        batches: Yields this rank's part of a seed's set, as the data module returns its own images.
        protocol: Settings that affect the scores.
        folder: Folder for the results.
        sampled: Facts that decide which measures fit.
        source: Model that they are samples of; None for a folder.
    """

    name: str
    num: int
    seeds: range
    batches: Callable[[int], Iterator[Samples]]
    protocol: dict[str, Any]
    folder: Path
    model: str = ""
    sampled: SampledImages = field(default_factory=SampledImages)
    source: SampleSource | None = None


def samples_of_checkpoint(
    checkpoint: Checkpoint, data: DataModule, config: DictConfig, device: torch.device
) -> EvaluatedImages:
    """Return the samples of a generator.

    Args:
        checkpoint: The checkpoint.
        data: Data module with the real images.
        config: Configuration of the evaluation.
        device: Device of the generator.

    Raises:
        UserError: If the samples and the real images differ in shape.
    """
    path, model = checkpoint.path, restore(checkpoint, config.ema).to(device)
    sampled, use_ema = SampledImages.of(model, data), config.ema and model.ema is not None
    num = min(config.metric.num_samples, data.num_requests) if sampled.requests else config.metric.num_samples
    shape = tuple(model.sample(1, requests=data.requests).shape[1:])
    if shape != data.output_shape:
        made, real = (_format(x) if data.pixels else "x".join(map(str, x)) for x in (shape, data.output_shape))
        raise UserError(f"{path} makes {data.noun} of {made}, the real ones are {real}")

    def batches(seed: int) -> Iterator[Samples]:
        indices = rank_range(num)
        samples = model.iterate_samples(indices, seed, config.batch_size, use_ema, requests=data.requests)
        return map(data.discretize_samples, samples)

    name = f"{path} ({'moving average weights' if use_ema else 'last weights'})"
    return EvaluatedImages(
        name=f"samples of {name}",
        model=f"the model of {name}",
        num=num,
        seeds=range(config.seeds),
        batches=batches,
        protocol={"ema": use_ema, "global_step": checkpoint.global_step},
        folder=run_folder_of(path) or path.parent,
        sampled=sampled,
        source=SampleSource(model, use_ema),
    )


def images_of_folder(path: Path, data: ImageDataModule, config: DictConfig, targets: bool = False) -> EvaluatedImages:
    """Return the images of a folder; grey ones are repeated to three channels if the real images are in colour.

    Args:
        path: The folder.
        data: Data module with the real images.
        config: Configuration of the evaluation.
        targets: Whether each image is compared with the real image of the same name, if those are a folder too.

    Raises:
        UserError: If the images and the real images differ in size, or these are in colour and the real ones grey; or
            if an image has no target.
    """
    folder = open_folder(path, config, data.channels)
    if folder.image_shape[1:] != data.image_shape[1:]:
        raise UserError(
            f"{path} holds images of {_format(folder.image_shape)}, the real ones are {_format(data.image_shape)}: "
            "image_size=N resizes them"
        )
    if folder.channels != data.channels:
        raise UserError(
            f"{path} holds images in colour, the real ones are {_format(data.image_shape)}: "
            "compare with images in colour, or convert these to grey"
        )
    paired = targets and isinstance(data, ImageFolder)
    if paired:
        assert isinstance(data, ImageFolder)
        folder.splits["train"] = beside_targets(folder, data)
    num = len(folder.split("train"))

    def batches(_seed: int) -> Iterator[Samples]:
        for batch in folder.batches("train", config.batch_size, rank_range(num)):
            samples = batch.as_samples()
            assert not isinstance(samples.condition, tuple)
            yield samples._replace(condition=None, real=samples.condition)

    return EvaluatedImages(
        name=f"images of {path}",
        num=num,
        seeds=range(1),
        batches=batches,
        protocol={},
        folder=Path(),
        sampled=SampledImages(targets=paired),
    )


def open_folder(path: Path, config: DictConfig, channels: int = 1) -> ImageFolder:
    """Return a data module with all images of a folder in both splits.

    Args:
        path: The folder.
        config: Configuration of the evaluation.
        channels: Channels of the images that these are compared with; grey images are repeated to 3.

    Raises:
        UserError: If the images have several sizes, and ``image_size`` is not set.
    """
    sizes, all_grey = _survey(path, config.on_error)
    size = config.image_size
    if size is None:
        width, height = min(sizes)
        if len(sizes) > 1:
            several = ", ".join(f"{width}x{height}" for width, height in sorted(sizes)[:3])
            raise UserError(
                f"{path} holds images of {several} pixels, not of one size: image_size=N crops and resizes them"
            )
        size = height
    else:
        width = size
    channels = 1 if all_grey and channels == 1 else 3
    settings = {"image_size": size, "width": width, "channels": channels, "num_classes": 1, "on_error": config.on_error}
    return ImageFolder(str(path), str(path), **settings)


def _survey(folder: Path, on_error: str) -> tuple[set[tuple[int, int]], bool]:
    """Return the sizes, (width, height), of all images in a folder, and whether all are grey.

    Headers are read, and pixels as long as all images are grey: libraries save grey images with three channels too.
    """
    sizes, all_grey = set[tuple[int, int]](), True
    for path in find_images(folder).paths:
        try:
            with open_image(path) as image:
                sizes.add(image.size)
                all_grey = all_grey and is_grey(image)
        except UserError as error:
            if on_error == "stop":
                raise UserError(f"{error}; {ADVICE}") from error
    if not sizes:
        raise UserError(f"{folder} holds no image that can be read")
    return sizes, all_grey


def _format(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[2]} pixels, " + ("grey" if shape[0] == 1 else f"{shape[0]} channels")
