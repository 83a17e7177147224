"""Page of a run: ``report.html`` in its folder, one self-contained file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from gan.formats import duration, number, printable
from gan.report.choices import find_choices
from gan.report.curves import curves
from gan.report.pictures import EmbeddedImage, embed, embed_cells, embed_frames
from gan.report.sampled_text import read_lines
from gan.report.score_scale import score_scale
from gan.report.templates import render, save
from gan.runs.baselines import named_baselines, real_images_name, throughput_unit
from gan.runs.commands import LaterTrust, resume_command, sample_command
from gan.runs.folder import RunFolder, relative_to_cwd
from gan.runs.record import RunRecord
from gan.runs.results_file import best_score

__all__ = ["has_pixels", "is_current", "write_page"]

MAX_SHOWN = 10_000  # images in a sample grid
MAX_CAPTIONED = 24  # of them, images beside their sentences
STATE_NAMES = {"finished": "Finished", "stopped": "Stopped early", "failed": "Failed", "unfinished": "Unfinished"}


@dataclass(frozen=True)
class ScoreSummary:
    """Best and last value of a score with their steps. Runs without results have no best value."""

    name: str
    higher_is_better: bool | None
    best: float | None
    best_step: int
    last: float
    last_step: int


@dataclass(frozen=True)
class Fact:
    """Labelled value with a unit or remark."""

    label: str
    value: str
    unit: str = ""


def write_page(run: RunRecord, trust: LaterTrust = LaterTrust()) -> Path:  # noqa: B008  # immutable
    """Write the page of a finished, failed or unfinished run, atomically.

    Args:
        run: The run.
        trust: Packages that the commands on the page trust. Only training knows them: a folder's own files may be a
            stranger's.

    Returns:
        The file.

    Raises:
        OSError: If it cannot be written.
    """
    save(render("run.html", _content(run, trust)), run.folder.page)
    return run.folder.page


def is_current(folder: RunFolder) -> bool:
    """Return whether a run has a page that is not older than its sources."""
    sources = [folder.config, folder.results, folder.error, folder.metrics]
    times = [path.stat().st_mtime_ns if path.is_file() else 0 for path in (folder.page, *sources)]
    return 0 < max(times) == times[0]


def has_pixels(config: Mapping[str, Any]) -> bool:
    """Return whether samples are images, which pages magnify without smoothing, and not scatter plots of points."""
    data = config.get("data")
    return not (isinstance(data, dict) and data.get("image_size") == 1)


def has_sources(config: Mapping[str, Any]) -> bool:
    """Return whether samples are translations of source images."""
    data = config.get("data")
    return isinstance(data, dict) and "source_channels" in data


def _content(run: RunRecord, trust: LaterTrust) -> dict[str, Any]:
    """Return the values that the template shows."""
    folder, config, results = run.folder, run.config, run.results
    steps = results.global_step if results else run.metrics.last_step or 0
    main_score = results.score_name if results else None
    higher_is_better = results.higher_is_better if results else {}
    names = _score_names(run)
    measured = results.protocol if results else {}
    real_images, unit = real_images_name(measured), throughput_unit(measured)
    baselines = {name: named_baselines(vars(results), name) if results else {} for name in names}
    scores = [_summarize(run, name, higher_is_better.get(name)) for name in names]
    best = next((score for score in scores if score.name == main_score), None)
    grids = folder.sample_grids(results.global_step if results else None)
    neighbors = results.neighbors if results else None
    frames, damaged = embed_frames(grids)
    texts = folder.sample_texts(results.global_step if results else None)
    return {
        "title": run.name,
        "folder": str(relative_to_cwd(folder.path)),
        "state": run.state,
        "state_name": STATE_NAMES[run.state],
        "reason": results.stopped if results else run.failure,
        "ended": _last_change(folder),
        "facts": _facts(run, steps),
        "best": best,
        "scale": score_scale(best.best, results.baselines, bool(best.higher_is_better), real_images)
        if results and best and best.best is not None
        else None,
        "real_images": real_images,
        "baselines": results.baselines if results else {},
        "main_baselines": baselines.get(main_score or "", {}),
        "translations": has_sources(config),
        "trivial_baselines": results.trivial_baselines if results else {},
        "choices": find_choices(run.commands, config),
        "seed": run.seed,
        "warnings": _warnings(run, damaged),
        "frames": frames,
        "final": embed(grids[-1]) if grids else None,
        "final_step": int((grids or texts)[-1].stem) if grids or texts else None,
        "final_lines": read_lines(texts[-1]) if texts else [],
        "captioned": _captioned(folder, grids),
        "pixels": has_pixels(config),
        "neighbors": embed(folder.neighbors) if neighbors else None,
        "distances": neighbors,
        "charts": curves(run.metrics.series, main_score, higher_is_better, baselines, unit),
        "scores": scores,
        "by_step": sorted(run.scores.items()),
        "protocol": _describe_protocol(measured),
        "commands": [printable(command, 10_000) for command in _commands(run)],
        "resume": resume_command(folder, steps, config["trainer"]["max_steps"], trust.resume)
        if folder.last.is_file()
        else None,
        "sample": sample_command(folder, trust.sample, results.usage if results else ())
        if folder.last.is_file()
        else None,
        "environment": _environment(run),
        "yaml": "\n".join(map(printable, OmegaConf.to_yaml(OmegaConf.create(config)).splitlines())),
    }


def _captioned(folder: RunFolder, grids: list[Path]) -> list[tuple[EmbeddedImage, str]]:
    """Return images of the last sample grid, each with the sentence that it was generated from."""
    if not grids or not folder.captions.is_file():
        return []
    sentences = read_lines(folder.captions, limit=MAX_SHOWN)
    return list(zip(embed_cells(grids[-1], len(sentences), MAX_CAPTIONED), sentences, strict=False))


def _warnings(run: RunRecord, damaged_pictures: list[str]) -> list[str]:
    """Return what the run warned of, and which of its files could not be read."""
    recorded = run.results.warnings if run.results else []
    return [printable(text, 1000) for text in (*recorded, run.metrics.damage or "", *damaged_pictures) if text]


def _last_change(folder: RunFolder) -> str:
    """Return when a run ended or, if it is running, last logged something."""
    for path in (folder.error, folder.results, folder.metrics, folder.config):
        if path.is_file():
            time = datetime.fromtimestamp(path.stat().st_mtime)
            return f"{time.day} {time:%B %Y, %H:%M}"
    return ""


def _facts(run: RunRecord, steps: int) -> list[Fact]:
    """Return the facts below the score."""
    facts = [Fact("Generator updates", f"{steps:,}")]
    results, seconds = run.results, run.metrics.seconds
    if results is None:
        if seconds:
            facts.append(Fact("Training time", duration(seconds[max(seconds)]), "at the last score"))
        return facts
    facts.append(Fact("Time", duration(results.wall_seconds), "since it was resumed" if run.config.get("ckpt") else ""))
    if results.images_per_second:
        facts.append(Fact("Throughput", number(round(results.images_per_second)), throughput_unit(results.protocol)))
    if results.peak_memory_mb:
        facts.append(Fact("Peak memory", number(round(results.peak_memory_mb)), "MB"))
    game = results.game
    if "d/accuracy_real" in game and "d/accuracy_fake" in game:
        fake = f"on real, {game['d/accuracy_fake']:.2f} on fake"
        facts.append(Fact("D's accuracy", f"{game['d/accuracy_real']:.2f}", fake))
    if "d/value" in game:
        facts.append(Fact("V(D, G)", f"{game['d/value']:.3f}", "-1.386 at equilibrium"))
    elif "d/wasserstein" in game:
        facts.append(Fact("Wasserstein", number(game["d/wasserstein"], 3), "estimate"))
    return facts


def _score_names(run: RunRecord) -> list[str]:
    return list(dict.fromkeys(name for scores in run.scores.values() for name in scores))


def _summarize(run: RunRecord, name: str, higher_is_better: bool | None) -> ScoreSummary:
    last_step = max(step for step, scores in run.scores.items() if name in scores)
    last = run.scores[last_step][name]
    if higher_is_better is None:
        return ScoreSummary(name, None, None, last_step, last, last_step)
    best_step, best = best_score(run.scores, name, higher_is_better)
    return ScoreSummary(name, higher_is_better, best, best_step, last, last_step)


def _commands(run: RunRecord) -> list[str]:
    """Return the commands that made the run, one per part of a resumed run."""
    commands = [command.removeprefix("# ") for command in run.commands]
    return commands or ([run.results.command] if run.results and run.results.command else [])


def _environment(run: RunRecord) -> dict[str, str]:
    """Return versions, device and precision of a finished run."""
    results = run.results
    if results is None:
        return {}
    facts = dict(results.versions)
    if results.device:
        facts["device"] = f"{results.ranks} x {results.device}" if results.ranks > 1 else results.device
        facts["precision"] = str(run.group("trainer").get("precision", ""))
    return {name: printable(value) for name, value in facts.items() if value}


def _describe_protocol(protocol: Mapping[str, Any]) -> dict[str, str]:
    """Format the protocol of scores for a list of facts."""
    facts: dict[str, str] = {}
    for key, value in protocol.items():
        label = key.replace("_", " ")
        if isinstance(value, Mapping):
            settings = [" ".join([str(part), *_settings(chosen)]) for part, chosen in value.items()]
            facts[label] = ", ".join(settings) or "none"
        else:
            facts[label] = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return {printable(label): printable(value) for label, value in facts.items()}


def _settings(chosen: Any) -> list[str]:
    return [f"{key}={value}" for key, value in chosen.items()] if isinstance(chosen, Mapping) else [str(chosen)]
