"""What Weights & Biases gets as a run ends: film, tables, summary, page, and the best checkpoint."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
import wandb
from PIL import Image
from torch import Tensor

from gan.animation import save_animation
from gan.report.charts import number
from gan.report.page import NAME as PAGE
from gan.report.pictures import sample_grids

__all__ = ["FILM", "upload_run"]

FILM = "film.gif"
SUMMARY = ("score_name", "score", "best_step", "stopped", "wall_seconds", "images_per_second", "peak_memory_mb")


def upload_run(run: Any, folder: Path) -> None:
    """Give a tracked run what its folder holds by now.

    Args:
        run: W&B's.
        folder: The run's, with its results.json.
    """
    results = json.loads((folder / "results.json").read_text())
    facts = _facts(results)
    run.summary.update(facts)  # what a sweep can optimise
    media: dict[str, Any] = {
        "results": _table([[name, _text(value)] for name, value in facts.items()], "what", "value")
    }
    if scores := results.get("scores"):
        names = list(dict.fromkeys(name for values in scores.values() for name in values))
        rows = [[int(step), *(values.get(name) for name in names)] for step, values in scores.items()]
        media["scores"] = _table(sorted(rows, key=lambda row: row[0]), "step", *names)
    if frames := _frames(sample_grids(folder, results["global_step"])):
        save_animation(frames, folder / FILM)
        media["film"] = wandb.Video(str(folder / FILM), format="gif")
    if (folder / PAGE).is_file():
        media["report"] = wandb.Html(folder / PAGE, inject=False)  # as it is: it loads nothing from elsewhere
    run.log(media | {"trainer/global_step": results["global_step"]})
    checkpoint = folder / "checkpoints" / "best.ckpt"
    if checkpoint.is_file():
        artifact = wandb.Artifact(f"checkpoint-{run.id}", "model", metadata=facts)
        artifact.add_file(str(checkpoint))
        run.log_artifact(artifact, aliases=["best", *_score_alias(results)])


def _facts(results: dict[str, Any]) -> dict[str, Any]:
    """Choose the single values, those that there are."""
    facts = {key: results.get(key) for key in SUMMARY}
    baselines = results.get("baselines") or {}
    facts |= {"held_out": baselines.get("held_out"), "noise": baselines.get("noise")}
    return {key: value for key, value in facts.items() if value is not None}


def _score_alias(results: dict[str, Any]) -> list[str]:
    """Name a checkpoint after its score, such as fd_classifier-11.52, in signs that an alias may have."""
    if results.get("score") is None:
        return []
    return [re.sub(r"[^\w.+-]", "-", f"{results['score_name']}-{results['score']:.4g}")]


def _table(rows: list[list[Any]], *columns: str) -> Any:
    return wandb.Table(columns=list(columns), data=rows)


def _text(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def _frames(paths: list[Path]) -> list[Tensor]:
    """Read pictures, uint8 with shape (3, H, W); those of another size than the last, of before a resumption, are not.

    A film's frames are all of one size.
    """
    frames = [torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1) for path in paths]
    return [frame for frame in frames if frame.shape == frames[-1].shape]
