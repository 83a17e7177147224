"""Content of a finished run for Weights & Biases: tables, summary, animation, page and best checkpoint."""

import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
import wandb
from torch import Tensor

from gan.animation import save_animation
from gan.formats import number
from gan.runs.folder import RunFolder
from gan.runs.pictures import PictureError, open_png, read_png
from gan.runs.results_file import Results, read_results

__all__ = ["log_checkpoint", "upload_run"]

log = logging.getLogger(__name__)


def upload_run(run: Any, folder: Path) -> None:
    """Log the contents of a run's folder to W&B, without its checkpoint.

    Args:
        run: The W&B run.
        folder: Run folder with a results.json.

    Raises:
        OSError: If a file cannot be read or written.
        ValueError: If results.json is damaged.
    """
    files = RunFolder(folder)
    results = read_results(files.results)
    summary = _summary(results)
    run.summary.update(summary)  # sweeps optimise values of the summary
    rows = [[name, number(value) if isinstance(value, int | float) else value] for name, value in summary.items()]
    media: dict[str, Any] = {}
    tables = {"results": _table(rows, "what", "value")}
    if results.scores:
        names = list(dict.fromkeys(name for scores in results.scores.values() for name in scores))
        rows = [[step, *(scores.get(name) for name in names)] for step, scores in results.scores.items()]
        tables["scores"] = _table(rows, "step", *names)
    if frames := _read_frames(files.sample_grids(results.global_step)):
        save_animation(frames, files.animation)
        media["film"] = wandb.Video(str(files.animation), format="gif")
    if files.page.is_file():
        media["report"] = wandb.Html(files.page, inject=False)  # the page is self-contained
    step = {"trainer/global_step": results.global_step}
    run.log(media | step)
    run.log(tables | step)  # last: these are artifacts, for which W&B waits for its server


def log_checkpoint(run: Any, folder: Path) -> Any:
    """Log the best checkpoint of a run to W&B as an artifact.

    Args:
        run: The W&B run.
        folder: Run folder with a results.json.

    Returns:
        The artifact; None if there is no such checkpoint.

    Raises:
        OSError: If a file cannot be read.
        ValueError: If results.json is damaged.
    """
    files = RunFolder(folder)
    results = read_results(files.results)
    if not files.best.is_file():
        return None
    artifact = wandb.Artifact(f"checkpoint-{run.id}", "model", metadata=_summary(results))
    artifact.add_file(str(files.best))
    return run.log_artifact(artifact, aliases=["best", *_score_aliases(results.score_name, results.score)])


def _summary(results: Results) -> dict[str, Any]:
    """Return the scalar results that are known."""
    summary = {
        "score_name": results.score_name,
        "score": results.score,
        "best_step": results.best_step,
        "stopped": results.stopped,
        "wall_seconds": results.wall_seconds,
        "images_per_second": results.images_per_second,
        "peak_memory_mb": results.peak_memory_mb,
        "held_out": results.baselines.get("held_out"),
        "noise": results.baselines.get("noise"),
    }
    return {name: value for name, value in summary.items() if value is not None}


def _score_aliases(name: str | None, score: float | None) -> list[str]:
    """Return a checkpoint's alias with its score, such as fd_classifier-11.52, in legal characters."""
    return [] if score is None else [re.sub(r"[^\w.+-]", "-", f"{name}-{score:.4g}")]


def _table(rows: list[list[Any]], *columns: str) -> Any:
    return wandb.Table(columns=list(columns), data=rows)


def _read_frames(paths: list[Path]) -> list[Tensor]:
    """Read images of the last one's size, uint8 with shape (3, H, W).

    All frames of an animation have one size, and a resumed run may have changed that of its sample grids.
    """
    frames = []
    for path in paths:
        try:
            with open_png(read_png(path)) as image:
                frames.append(torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1))
        except PictureError as error:
            log.warning("%s, and is left out of the animation", error)
    return [frame for frame in frames if frame.shape == frames[-1].shape]
