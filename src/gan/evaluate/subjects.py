"""What can be scored: samples of a checkpoint's generator, and folders of images; and what they are scored against."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from gan.checkpoint.exported import find
from gan.checkpoint.reading import read, restore
from gan.config import compose_config, overridden
from gan.data.base import ImageDataModule
from gan.data.image_folder import ImageFolder, survey
from gan.distributed.group import rank_range
from gan.errors import UserError
from gan.instantiate import build
from gan.types import Batch

__all__ = ["EvaluatedImages", "subject_and_config"]


@dataclass(frozen=True)
class EvaluatedImages:
    """Images to be scored.

    Attributes:
        name: What they are, in words.
        num: Their number, on all ranks.
        seeds: What they follow from, a set of images each; a folder has one set.
        images: Yields this rank's share of a set, as the data set holds its own.
        facts: What of them belongs to the protocol.
        home: The folder that their scores belong in.
        conditional: Whether they are of wanted classes.
    """

    name: str
    num: int
    seeds: range
    images: Callable[[int], Iterator[Batch]]
    facts: dict[str, Any]
    home: Path
    conditional: bool = False


def is_run(path: Path) -> bool:
    """Tell a run's folder, a checkpoint, or what was exported of one, from a folder of images."""
    return path.is_file() or (path / "checkpoints").is_dir() or find(path) is not None


def subject_and_config(
    path: Path, reference: Path | None, options: list[str], device: torch.device
) -> tuple[EvaluatedImages, ImageDataModule, DictConfig]:
    """Settle what is scored, against what, and how.

    Args:
        path: A run's folder, a checkpoint, or a folder of images.
        reference: A folder of real images; where None, the data set that the options or the run name.
        options: Overrides of ``conf/evaluate.yaml``.
        device: Where samples are generated.

    Raises:
        UserError: If the options say no data, or do not fit together.
    """
    keys = {option: option.partition("=")[0].lstrip("+~") for option in options}
    about_data = [option for option, key in keys.items() if key.startswith("data")]
    if reference is not None and about_data:
        raise UserError(f"{about_data[0]}: real images are those of {reference} already")
    checkpoint = read(path) if is_run(path) else None
    if checkpoint is not None and reference is None and "data" not in keys.values():
        kept = {"data": ["data"], "metric/features": ["metric", "features"], "metric": ["metric", "measures"]}
        kept = {choice: node for choice, node in kept.items() if choice not in keys.values()}  # the run's own
        own = [o for o, key in keys.items() if any(key.startswith(".".join(node) + ".") for node in kept.values())]
        config = compose_config("evaluate", [option for option in options if option not in own])
        config = overridden(_as_trained(config, OmegaConf.create(checkpoint["config"]), kept.values()), own)
    else:
        config = compose_config("evaluate", options)
        OmegaConf.set_struct(config, False)
    _check(config)
    if reference is not None:
        data: ImageDataModule = _folder(reference, config)
    elif config.get("data") is not None:
        data = build(config.data)
    else:
        raise UserError(f"{path} is a folder of images: say what they are compared with, a second folder or data=...")
    subject = _images(path, data, config) if checkpoint is None else _samples(path, checkpoint, data, config, device)
    config.metric.num_samples = subject.num
    return subject, data, config


def _check(config: DictConfig) -> None:
    least = {"num_samples": 2, "metric.num_samples": 2, "seeds": 1, "batch_size": 1, "image_size": 1}
    for name, bound in least.items():
        value = OmegaConf.select(config, name)
        optional = name == "image_size" and value is None
        if not optional and (not isinstance(value, int) or value < bound):
            raise UserError(f"{name}={value} should be a whole number from {bound} on")
    if not isinstance(config.ema, bool):
        raise UserError(f"ema={config.ema} is not one of true, false")
    if config.on_error not in ("stop", "skip"):
        raise UserError(f"on_error={config.on_error} is not one of stop, skip")


def _as_trained(config: DictConfig, saved: DictConfig, kept: Iterable[list[str]]) -> DictConfig:
    """Take nodes, such as the data, from a run's own configuration; its measures come before the usual ones."""
    OmegaConf.set_struct(config, False)
    for node in (".".join(path) for path in kept):
        own, usual = OmegaConf.select(saved, node), OmegaConf.select(config, node)
        merged = OmegaConf.merge(own, usual) if node == "metric.measures" else own
        OmegaConf.update(config, node, merged, merge=False)
    return config


def _samples(
    path: Path, checkpoint: dict[str, Any], data: ImageDataModule, config: DictConfig, device: torch.device
) -> EvaluatedImages:
    model = restore(checkpoint, path, config.ema).to(device)
    num, batch_size, use_ema = config.metric.num_samples, config.batch_size, config.ema and model.ema is not None
    found, wanted = tuple(model.sample(1).shape[1:]), data.image_shape
    if found != wanted:
        raise UserError(f"{path} makes images of {_shape(found)}, the real ones are {_shape(wanted)}")

    def images(seed: int) -> Iterator[Batch]:
        samples = model.iterate_samples(rank_range(num), seed, batch_size, use_ema)
        return (Batch(data.discretize(fakes), labels) for fakes, labels in samples)

    name = f"samples of {path} ({'averaged generator' if use_ema else 'last weights'})"
    folder = path if path.is_dir() else path.parent
    home = folder.parent if folder.name == "checkpoints" else folder
    facts = {"ema": use_ema, "global_step": checkpoint["global_step"]}
    return EvaluatedImages(name, num, range(config.seeds), images, facts, home, conditional=model.num_classes > 1)


def _images(path: Path, data: ImageDataModule, config: DictConfig) -> EvaluatedImages:
    folder = _folder(path, config)
    if folder.image_shape != data.image_shape:
        found, wanted = _shape(folder.image_shape), _shape(data.image_shape)
        raise UserError(f"{path} holds images of {found}, the real ones are {wanted}: sizes mend with image_size=...")
    num = len(folder.split("train"))

    def images(_seed: int) -> Iterator[Batch]:
        return folder.batches("train", config.batch_size, rank_range(num))

    return EvaluatedImages(f"images of {path}", num, range(1), images, {}, Path())


def _folder(path: Path, config: DictConfig) -> ImageFolder:
    """Return all images of a folder, as both splits."""
    sizes, channels = survey(path, config.on_error)
    size = config.image_size
    if size is None:
        width, height = min(sizes)
        if len(sizes) > 1 or width != height:
            several = ", ".join(f"{width}x{height}" for width, height in sorted(sizes)[:3])
            raise UserError(
                f"{path} holds images of {several} pixels, not of one square: scale and crop with image_size=N"
            )
        size = width
    settings = {"image_size": size, "channels": channels, "num_classes": 1, "on_error": config.on_error}
    return ImageFolder(str(path), str(path), **settings)


def _shape(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[2]} pixels, " + ("grey" if shape[0] == 1 else f"{shape[0]} channels")
