"""Scores of a generator or of a folder of images, with their protocol."""

import sys
from pathlib import Path
from statistics import fmean, stdev
from time import perf_counter
from typing import Any

import torch
from omegaconf import DictConfig

from gan.checkpoint.reading import Checkpoint, read
from gan.checkpoint.trust import Trust
from gan.data.base import as_images
from gan.data.module import DataModule
from gan.distributed.group import rank_and_world, rank_range
from gan.errors import UserError
from gan.evaluate.config import evaluation_config
from gan.evaluate.images import images_of_folder, open_folder, samples_of_checkpoint
from gan.host import versions
from gan.instantiate import build
from gan.metrics.evaluator import Evaluator
from gan.progress import progress_bar
from gan.runs.folder import PathKind, RunFolder, classify
from gan.shell import command_line
from gan.substitution import get_value

__all__ = ["evaluate"]

FOLDER_ADVICE = ": name a folder of targets, which have the same names, in the place of data=..."


def evaluate(
    path: Path, reference: Path | None, options: list[str], device: torch.device, trust: Trust | None = None
) -> tuple[dict[str, Any], Path]:
    """Score a generator or a folder of images.

    Args:
        path: A run's folder, a checkpoint, exported weights, or a folder of images.
        reference: Folder of real images; None for the data set of the options or the run.
        options: Overrides of ``conf/evaluate.yaml``.
        device: Device of the generator and of the feature extractor.
        trust: Whom this call trusts beside this package; None trusts nobody.

    Returns:
        Scores and protocol for the JSON file, and the path of that file.

    Raises:
        UserError: If a path or an option is wrong, or they do not fit together.
    """
    start = perf_counter()
    checkpoint = None if classify(path) is PathKind.IMAGES else read(path, trust)
    config = evaluation_config(None if checkpoint is None else checkpoint.saved, reference, options, trust)
    data = _real_images(path, reference, config, checkpoint)
    metric: Evaluator = build(config.metric)
    if checkpoint is None:
        images = images_of_folder(path, as_images(data, f"{path}, a folder of images,"), config, metric.needs_targets)
    else:
        images = samples_of_checkpoint(checkpoint, data, config, device)
    metric.num_samples = images.num
    metric.check(images.sampled, f"{images.name} have none" + ("" if checkpoint else FOLDER_ADVICE))
    preparation_start = perf_counter()
    evaluator = metric.prepare(data, device, images.sampled.requests)
    real_seconds = perf_counter() - preparation_start

    scores_by_seed = []
    for seed in images.seeds:
        description = f"Seed {seed}" if len(images.seeds) > 1 else data.noun.capitalize()
        num_batches = len(rank_range(images.num)) / config.batch_size
        source = None if images.source is None else images.source._replace(seed=seed)
        scores_by_seed.append(evaluator(progress_bar(images.batches(seed), num_batches, description), source))
    results = {
        "command": command_line(["python", "-m", "gan.evaluate", *sys.argv[1:]]),
        "scores": {name: _over_seeds([scores[name] for scores in scores_by_seed]) for name in scores_by_seed[0]},
        "trivial_baselines": evaluator.trivial_baselines(),
        "subject": images.name if evaluator.protocol["fake_images"] else images.model,
        "reference": str(reference or f"{type(data).__name__} ({evaluator.protocol['real_split']})"),
        "protocol": {**evaluator.protocol, **images.protocol, "seeds": list(images.seeds)},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "versions": versions(),
        "processes": rank_and_world()[1],
        "real_seconds": round(real_seconds, 2),
        "seconds": round(perf_counter() - start, 2),
    }
    return results, Path(str(config.out)) if config.out is not None else RunFolder(images.folder).evaluation


def _real_images(path: Path, reference: Path | None, config: DictConfig, checkpoint: Checkpoint | None) -> DataModule:
    if reference is not None:
        channels = 1 if checkpoint is None else get_value(checkpoint.saved, "data.channels", default=1)
        return open_folder(reference, config, channels)
    if config.get("data") is None:
        raise UserError(
            f"{path} is a folder of images: name the real images to compare with, by a second folder or data=..."
        )
    data: DataModule = build(config.data)
    return data


def _over_seeds(values: list[float]) -> dict[str, Any]:
    return {"mean": fmean(values), "std": stdev(values) if len(values) > 1 else None, "values": values}
