"""A run's own page: ``report.html`` in its folder, one file that holds everything, made from what lies there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from omegaconf import OmegaConf

from gan.report.charts import number
from gan.report.choices import choices, past_commands
from gan.report.commands import duration, resume_command, sample_command
from gan.report.curves import curves, read_metrics
from gan.report.markdown import relative
from gan.report.pictures import film, picture, sample_grids
from gan.report.ruler import ruler
from gan.report.runs import Run, read_run

__all__ = ["NAME", "fresh", "images", "render", "save", "write_page"]

NAME = "report.html"
SOURCES = ("config.yaml", "results.json", "error.txt", "metrics.csv")
STATES = {"finished": "Finished", "stopped": "Stopped early", "failed": "Failed", "unfinished": "Unfinished"}


@dataclass(frozen=True)
class Score:
    """A score's row: its best and its last value, each with its step."""

    name: str
    higher_is_better: bool | None
    best: float | None
    best_step: int
    last: float
    last_step: int


def write_page(folder: Path) -> Path:
    """Write a run's page, whole or not at all.

    Args:
        folder: The run's; whether it finished, failed or goes on.

    Returns:
        The file.

    Raises:
        OSError: If it cannot be written.
    """
    path = folder / NAME
    save(render("run.html", _content(folder)), path)
    return path


def fresh(folder: Path) -> bool:
    """Tell whether a run has a page that is not older than what it is made from."""
    page = folder / NAME
    sources = [folder / name for name in SOURCES]
    return page.is_file() and all(s.stat().st_mtime_ns <= page.stat().st_mtime_ns for s in sources if s.is_file())


def save(text: str, path: Path) -> None:
    """Write a page in place of an earlier one, once it is complete."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def render(template: str, content: Mapping[str, Any]) -> str:
    """Fill in one of the templates in ``pages/``."""
    return _environment().get_template(template).render(content)


def images(config: Mapping[str, Any]) -> bool:
    """Tell images, whose pixels are to be seen, from scatter plots of points."""
    data = config.get("data")
    return not (isinstance(data, dict) and data.get("image_size") == 1)


@cache
def _environment() -> Environment:
    """Set up the templates; all that a run's folder says is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "duration": duration}
    return environment


def _content(folder: Path) -> dict[str, Any]:
    """Gather what the template needs."""
    run, raw = read_run(folder), _raw(folder)
    if run.results is None:  # an error came after them, or they are damaged
        raw = {}
    config, metrics, place = run.config, read_metrics(folder), relative(folder)
    steps = run.results.steps if run.results else run.last_step or 0
    grids = sample_grids(folder, run.results.steps if run.results else None)
    main = run.results.score_name if run.results else None
    higher = run.results.higher_is_better if run.results else {}
    baselines = run.results.baselines if run.results else {}
    state = _state(run, raw)
    scores = [_score(run, name, higher.get(name)) for name in _names(run)]
    best = next((score for score in scores if score.name == main), None)
    checkpoint = (folder / "checkpoints" / "last.ckpt").is_file()
    return {
        "title": str(config.get("name") or folder.name),
        "folder": place,
        "state": state,
        "state_name": STATES[state],
        "reason": raw.get("stopped") if run.results else run.failure,
        "ended": _ended(folder),
        "facts": _facts(run, raw, steps),
        "best": best,
        "ruler": ruler(best.best, baselines, bool(best.higher_is_better)) if best and best.best is not None else None,
        "baselines": baselines,
        "choices": choices(folder, config),
        "seed": config.get("seed"),
        "film": film(grids),
        "final": picture(grids[-1]) if grids else None,
        "final_step": int(grids[-1].stem) if grids else None,
        "pixels": images(config),
        "neighbors": picture(folder / "neighbors.png") if raw.get("neighbors") else None,
        "near": raw.get("neighbors") or {},
        "charts": curves(metrics, main, higher, baselines),
        "scores": scores,
        "by_step": sorted(run.scores.items()),
        "protocol": _protocol(run),
        "commands": _commands(folder, raw),
        "resume": resume_command(Path(place), steps) if checkpoint else None,
        "sample": sample_command(Path(place)) if checkpoint else None,
        "machine": _machine(raw),
        "yaml": OmegaConf.to_yaml(OmegaConf.create(config)),
    }


def _raw(folder: Path) -> dict[str, Any]:
    """Read results.json for what runs are not compared by."""
    try:
        found = json.loads((folder / "results.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _state(run: Run, raw: Mapping[str, Any]) -> str:
    if run.results is None:
        return "unfinished" if run.unfinished else "failed"
    return "stopped" if raw.get("stopped") else "finished"


def _ended(folder: Path) -> str:
    """Say when a run ended or, while it goes on, last logged something."""
    for name in ("error.txt", "results.json", "metrics.csv", "config.yaml"):
        if (folder / name).is_file():
            when = datetime.fromtimestamp((folder / name).stat().st_mtime)
            return f"{when.day} {when:%B %Y, %H:%M}"
    return ""


def _facts(run: Run, raw: Mapping[str, Any], steps: int) -> list[tuple[str, str, str]]:
    """Return the figures below the score: what is counted, the number, its unit."""
    found = [("Generator updates", f"{steps:,}", "")]
    if run.results is not None:
        part = "of its last part" if run.config.get("ckpt") else ""
        found.append(("Time", duration(run.results.wall_seconds), part))
    elif run.seconds:
        found.append(("Training time", duration(run.seconds[max(run.seconds)]), "at the last score"))
    if raw.get("images_per_second"):
        found.append(("Throughput", number(round(raw["images_per_second"])), "images/s"))
    if raw.get("peak_memory_mb"):
        found.append(("Peak memory", number(round(raw["peak_memory_mb"])), "MB"))
    game = raw.get("game") or {}
    if "d/accuracy_real" in game and "d/accuracy_fake" in game:
        found.append(
            ("D's accuracy", f"{game['d/accuracy_real']:.2f}", f"on real, {game['d/accuracy_fake']:.2f} on fake")
        )
    if "d/value" in game:
        found.append(("V(D, G)", f"{game['d/value']:.3f}", "at the equilibrium -1.386"))
    elif "d/wasserstein" in game:
        found.append(("Wasserstein", number(game["d/wasserstein"], 3), "estimate"))
    return found


def _names(run: Run) -> list[str]:
    return list(dict.fromkeys(name for scores in run.scores.values() for name in scores))


def _score(run: Run, name: str, higher: bool | None) -> Score:
    values = {step: scores[name] for step, scores in sorted(run.scores.items()) if name in scores}
    last = max(values)
    if higher is None:  # of a run without results
        return Score(name, None, None, last, values[last], last)
    sign = 1 if higher else -1
    numbers = {step: value for step, value in values.items() if value == value} or values  # but for NaN
    best = max(numbers, key=lambda step: (sign * numbers[step], step))
    return Score(name, higher, values[best], best, values[last], last)


def _commands(folder: Path, raw: Mapping[str, Any]) -> list[str]:
    """Return the commands that made the run: each of a resumed one's parts."""
    found = [line.removeprefix("# ") for line in past_commands(folder)]
    return found or ([str(raw["command"])] if raw.get("command") else [])


def _machine(raw: Mapping[str, Any]) -> dict[str, str]:
    found = {str(name): str(version) for name, version in (raw.get("versions") or {}).items()}
    if raw.get("device"):
        ranks = raw.get("ranks", 1)
        found["device"] = f"{ranks} x {raw['device']}" if ranks > 1 else str(raw["device"])
        found["precision"] = str((raw.get("config", {}).get("trainer") or {}).get("precision", ""))
    return {name: value for name, value in found.items() if value}


def _protocol(run: Run) -> dict[str, str]:
    """Put how scores were measured in words, by what it is."""
    found: dict[str, str] = {}
    for key, value in (run.results.protocol if run.results else {}).items():
        name = key.replace("_", " ")
        if isinstance(value, Mapping):
            settings = [" ".join([str(part), *_settings(chosen)]) for part, chosen in value.items()]
            found[name] = ", ".join(settings) or "none"
        else:
            found[name] = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return found


def _settings(chosen: Any) -> list[str]:
    return [f"{key}={value}" for key, value in chosen.items()] if isinstance(chosen, Mapping) else [str(chosen)]
