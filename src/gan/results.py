"""Results of a run: results.json, and a summary for the terminal."""

import math
import sys
from typing import Any

import torch
from omegaconf import DictConfig
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import EarlyStopping, Timer

from gan.callbacks.evaluation import Evaluation
from gan.callbacks.interruption import Interruption
from gan.callbacks.monitor import Monitor
from gan.callbacks.neighbor_figure import NeighborFigure
from gan.callbacks.periodic import data_module, find_callbacks
from gan.callbacks.run_warnings import RunWarnings
from gan.callbacks.stop import Stop
from gan.config import plain
from gan.formats import duration
from gan.host import peak_memory, versions
from gan.models.sampler import Sampler
from gan.runs.baselines import named_baselines, throughput_unit
from gan.runs.commands import LaterTrust, resume_command, sample_command
from gan.runs.folder import RunFolder, relative_to_cwd
from gan.shell import command_line

__all__ = ["collect", "summary"]


def collect(config: DictConfig, trainer: Trainer, seconds: float) -> dict[str, Any]:
    """Collect a run's results.

    Args:
        config: Configuration of the run.
        trainer: Trainer that ran it.
        seconds: Wall time of this process's part of the run.

    Returns:
        Plain values for results.json. ``images_per_second`` counts real images over training time alone;
        ``peak_memory_mb`` is that of the GPU, or of this process without one.
    """
    game = {name: mean for monitor in find_callbacks(trainer, Monitor) for name, mean in monitor.latest.items()}
    speed = max((monitor.images_per_second for monitor in find_callbacks(trainer, Monitor)), default=0.0)
    scored = [_score(evaluation) for evaluation in find_callbacks(trainer, Evaluation)]
    device = trainer.strategy.root_device
    return {
        "command": command_line(["python", *sys.argv]),
        "config": plain(config),
        "versions": versions(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "ranks": trainer.world_size,
        "seed": config.seed,
        "global_step": trainer.global_step,
        "stopped": _stop_reason(trainer),
        **(scored[0] if scored else {"score": None}),
        "game": game,
        "usage": _usage(trainer),
        "neighbors": next((neighbors.facts for neighbors in find_callbacks(trainer, NeighborFigure)), None),
        "wall_seconds": round(seconds, 1),
        "images_per_second": round(speed, 1),
        "peak_memory_mb": round(peak_memory(device) / 1e6, 1),
        "warnings": [
            *(message for found in find_callbacks(trainer, RunWarnings) for message in found.messages),
            *(message for evaluation in find_callbacks(trainer, Evaluation) for message in _poor_scores(evaluation)),
        ],
    }


def summary(results: dict[str, Any], run: RunFolder, trust: LaterTrust) -> str:
    """Format results: why the run stopped early, the best score, warnings, the folder, and the next commands."""
    folder = relative_to_cwd(run.path)
    lines = []
    if results["stopped"] is not None:
        lines.append(f"Stopped  {results['stopped']}")
    if results["score"] is not None:
        name = results["score_name"]
        baselines = ", ".join(f"{label} {score:.4g}" for label, score in named_baselines(results, name).items())
        beside = f" ({baselines})" if baselines else ""
        lines.append(f"Best     {name} {results['score']:.4g} at step {results['best_step']}{beside}")
    lines += [f"Warning  {message}" for message in results["warnings"]]
    if "d/value" in results["game"]:
        lines.append(f"Game     V(D, G) {results['game']['d/value']:.3f}, at equilibrium -log 4 = -1.386")
    unit = throughput_unit(results.get("protocol", {}))
    lines += [
        f"Time     {duration(results['wall_seconds'])}, {results['images_per_second']:,.0f} {unit} in training",
        f"Run      {folder}",
        *([f"Page     {folder / run.page.name}"] if run.page.is_file() else []),
    ]
    if run.last.is_file():  # not without callbacks
        end = results["config"]["trainer"]["max_steps"]
        lines.append(f"Resume   {resume_command(run, results['global_step'], end, trust.resume)}")
        lines.append(f"Sample   {sample_command(run, trust.sample, results['usage'])}")
    return "\n" + "\n".join(lines)


def _usage(trainer: Trainer) -> list[str]:
    """Return the command that uses the trained generator, with its options, as its data have it."""
    model = trainer.lightning_module
    return data_module(trainer).usage(isinstance(model, Sampler) and model.uses_condition)


def _stop_reason(trainer: Trainer) -> str | None:
    """Return why a callback ended training early; None if none did."""
    reasons = [stop.reason for stop in find_callbacks(trainer, Stop)]
    reasons += [interruption.reason for interruption in find_callbacks(trainer, Interruption)]
    for stop in find_callbacks(trainer, EarlyStopping):
        message = (stop.stopping_reason_message or "").removesuffix(" Signaling Trainer to stop.")
        reasons.append(f"at step {trainer.global_step}: {message}" if message else None)
    for timer in find_callbacks(trainer, Timer):
        left = timer.time_remaining()
        over = left is not None and left <= 0
        reasons.append(f"at step {trainer.global_step}: trainer.max_time is over" if over else None)
    return next(filter(None, reasons), None) if trainer.should_stop else None


def _poor_scores(evaluation: Evaluation) -> list[str]:
    """Return a warning if the best main score is no better than that of noise."""
    if evaluation.best is None:
        return []
    name, score = evaluation.evaluator.name, evaluation.best[1]
    noise = evaluation.baselines.get("noise", math.nan)  # a measure of the network alone has no baseline
    better = score > noise if evaluation.evaluator.higher_is_better[name] else score < noise
    if better or math.isnan(noise):
        return []
    return [
        f"the best {name}, {score:.4g}, is no better than that of noise, {noise:.4g}: train for longer "
        "(trainer.max_steps), or find the sign in docs/when-it-goes-wrong.md"
    ]


def _score(evaluation: Evaluation) -> dict[str, Any]:
    step, score = evaluation.best or (None, None)
    return {
        "score_name": evaluation.evaluator.name,
        "score": score,
        "higher_is_better": evaluation.evaluator.higher_is_better,
        "best_step": step,
        "scores": evaluation.scores,
        "baselines": evaluation.baselines,
        "trivial_baselines": evaluation.trivial_baselines,
        "protocol": evaluation.evaluator.protocol,
    }
