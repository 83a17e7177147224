"""Measurements of chapter 11: paths, truncated samples and faces of the trained networks, and what they cost."""

from collections.abc import Iterator, Sequence
from typing import get_args

import torch
from pandas import DataFrame
from torch import Tensor, nn

from gan.checkpoint.trained import TrainedGenerator, load
from gan.course.chapter import Tables
from gan.course.rivals_runs import encode
from gan.course.seeds import runs_of
from gan.course.update_costs import recipe_costs
from gan.explore.truncation import truncation_scores
from gan.images import from_uint8
from gan.metrics.path_length import mean_between_percentiles, perceptual_path_lengths
from gan.metrics.sampled import SampleSource
from gan.models.gan import GAN
from gan.models.latent_space import SpaceName
from gan.models.stylegan2 import StyleGAN2
from gan.nn.pretrained.efficientnet import EfficientNetLite0Maps
from gan.runs.record import RunRecord

__all__ = ["FACES", "NETWORKS", "collect", "measure"]

NETWORKS = ("stylegan2", "no_path_length", "progan", "r3gan", "dcgan")
FACES = ("none", "ada", "transfer")
PATHS = 500
SAMPLES = 2000  # of each threshold of truncation
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SHOWN = {"digits": 12, "faces": 8}  # images of each kind


def measure(short: bool) -> Tables:
    """Count the parameters of each network, and measure the CPU time of its updates."""
    grown = ["model.fade_images=0", "model.stable_images=1"]  # to the size of the images
    return {"costs": recipe_costs("styles", NETWORKS, short, progan=grown)}


def collect(runs: Sequence[RunRecord]) -> Tables:
    """Read the scores of all runs, and measure their last checkpoints."""
    networks, faces = runs_of(runs, NETWORKS), runs_of(runs, FACES)
    tables: dict[str, list[dict[str, object]]] = {"scores": [], "baselines": [], "paths": [], "truncation": []}
    tables |= {"faces": [], "faces_baselines": [], "verdicts": [], "pictures": []}
    features = EfficientNetLite0Maps()
    for network, seed, run in networks:
        key: dict[str, object] = {"network": network, "seed": seed}
        tables["scores"] += _scores(key | {"batch": run.group("data")["batch_size"]}, run)
        trained = load(run.folder.last)
        spaces: tuple[SpaceName, ...] = get_args(SpaceName) if isinstance(trained.model, StyleGAN2) else ("z",)
        for space in spaces:
            source = SampleSource(trained.model, trained.use_ema)
            lengths = perceptual_path_lengths(source, features, range(PATHS), PATHS, space, 1e-4)
            tables["paths"].append({**key, "space": space, "length": mean_between_percentiles(lengths)[0]})
        if network == "stylegan2":
            tables["truncation"] += [key | row for row in truncation_scores(trained, THRESHOLDS, SAMPLES, seed=0)]
        if not seed:
            tables["pictures"] += _pictures(network, trained.sample(SHOWN["digits"]))
    for start, seed, run in faces:
        key = {"start": start, "seed": seed}
        tables["faces"] += _scores(key, run)
        trained = load(run.folder.last)
        tables["verdicts"] += [key | row for row in _verdicts(trained)]
        if not seed:
            tables["pictures"] += _pictures(f"faces {start}", trained.sample(SHOWN["faces"]))
    tables["baselines"], tables["faces_baselines"] = [_baselines(networks)], [_baselines(faces)]
    return {name: DataFrame(rows) for name, rows in tables.items()}


def _scores(key: dict[str, object], run: RunRecord) -> list[dict[str, object]]:
    """Return the Fréchet and kernel distances of a run at each evaluation."""
    rows = []
    for step, named in run.scores.items():
        distances = {name.split("_")[0]: value for name, value in named.items() if "std" not in name}
        rows.append({**key, "step": step, **distances})
    return rows


def _baselines(runs: Sequence[tuple[str, int, RunRecord]]) -> dict[str, object]:
    results = runs[0][2].results
    assert results is not None
    return dict(results.baselines)


@torch.no_grad()
def _verdicts(trained: TrainedGenerator) -> Iterator[dict[str, object]]:
    """Yield the logits that D gives to training images, held-out ones and samples, none of them augmented."""
    assert isinstance(trained.model, GAN)
    for split in ("train", "test"):
        images = torch.cat([from_uint8(batch.real) for batch in trained.data.batches(split)])
        yield _verdict(trained.model.discriminator, split, images)
    yield _verdict(trained.model.discriminator, "samples", trained.sample(300))


def _verdict(discriminator: nn.Module, kind: str, images: Tensor) -> dict[str, object]:
    """Return the mean logit of images, and the share that is positive, which D takes for real."""
    logits = torch.cat([discriminator(part).logits for part in images.split(20)])
    return {"images": kind, "logit": float(logits.mean()), "real": float((logits > 0).float().mean())}


def _pictures(kind: str, images: Tensor) -> list[dict[str, object]]:
    return [{"kind": kind, "index": index, "pixels": encode(image)} for index, image in enumerate(images)]
