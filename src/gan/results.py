"""What a run comes to: results.json for programs, a few lines for people."""

import platform
import resource
import shlex
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning import Trainer

from gan.callbacks.evaluation import Evaluation
from gan.callbacks.monitor import Monitor

__all__ = ["collect", "summary"]

PACKAGES = ("pytorch-lightning", "torch", "torchmetrics", "torchvision")


def collect(config: DictConfig, trainer: Trainer, seconds: float) -> dict[str, Any]:
    """Gather a run's results.

    Args:
        config: The run's configuration.
        trainer: The trainer that ran it.
        seconds: Wall time of this process's part of the run.

    Returns:
        Plain values, as results.json holds them; ``images_per_second`` counts real images over the time of training
        alone, ``peak_memory_mb`` is the accelerator's where there is one, else the process's.
    """
    evaluation = next(c for c in trainer.callbacks if isinstance(c, Evaluation))  # type: ignore[attr-defined]
    monitor = next(c for c in trainer.callbacks if isinstance(c, Monitor))  # type: ignore[attr-defined]
    device = trainer.strategy.root_device
    step, score = evaluation.best or (None, None)
    return {
        "command": shlex.join(["python", *sys.argv]),
        "config": OmegaConf.to_container(config, resolve=True),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "seed": config.seed,
        "global_step": trainer.global_step,
        "score_name": evaluation.metric.name,
        "score": score,
        "best_step": step,
        "scores": evaluation.scores,
        "baselines": evaluation.baselines,
        "protocol": evaluation.metric.protocol,
        "game": monitor.latest,
        "wall_seconds": round(seconds, 1),
        "images_per_second": round(monitor.images_per_second, 1),
        "peak_memory_mb": round(_peak_memory(device) / 1e6, 1),
    }


def summary(results: dict[str, Any], folder: Path) -> str:
    """Put results in words: the best score and what it lies between, the folder, how to go on."""
    name, baselines = results["score_name"], results["baselines"]
    checkpoints, lines = folder / "checkpoints", []
    if results["score"] is not None:
        lines.append(
            f"Best     {name} {results['score']:.4g} at step {results['best_step']} "
            f"(held-out real images {baselines['held_out']:.4g}, noise {baselines['noise']:.4g})"
        )
    if "d/value" in results["game"]:
        lines.append(f"Game     V(D, G) {results['game']['d/value']:.3f}, at the equilibrium -log 4 = -1.386")
    minutes, seconds = divmod(round(results["wall_seconds"]), 60)
    lines += [
        f"Time     {minutes} min {seconds} s, {results['images_per_second']:,.0f} images/s in training",
        f"Run      {folder}",
        f"Resume   python train.py ckpt={checkpoints / 'last.ckpt'} trainer.max_steps={2 * results['global_step']}",
        f"Sample   python -m gan.sample {checkpoints / 'best.ckpt'} --num 64 --out grid.png",
    ]
    return "\n" + "\n".join(lines)


def _peak_memory(device: torch.device) -> float:
    """Return the most memory held so far, in bytes."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024  # the system's word for it is bytes there, kB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
