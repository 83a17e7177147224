"""``python -m gan.evaluate RUN``: scores of a generator, or of a folder of images, and the protocol behind them."""

import argparse
import json
import shlex
import sys
from pathlib import Path
from statistics import fmean, stdev
from time import perf_counter
from typing import Any

import torch

from gan import cli
from gan.config import CONF
from gan.distributed.environment import rank_info
from gan.distributed.group import process_group, propagate_errors, rank_and_world, rank_range
from gan.errors import UserError
from gan.evaluate.subjects import subject_and_config
from gan.host import set_threads, versions
from gan.instantiate import build
from gan.metrics.evaluator import Evaluator
from gan.progress import progress_bar

__all__ = ["evaluate", "main"]

OPTIONS = """OPTION=VALUE is one of conf/evaluate.yaml: metric=kernel, metric=[frechet,modes],
metric/features=classifier, num_samples=10000, split=test, seeds=1, data=mnist5k, image_size=64, out=scores.json, ..."""


def main() -> None:
    """Evaluate as the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.evaluate",
        usage="%(prog)s [-h] RUN [REFERENCE] [OPTION=VALUE ...]",
        description="Score a generator, or a folder of images, against real images.",
        epilog=OPTIONS,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="a run's folder, a checkpoint, or a folder of images")
    parser.add_argument(
        "reference", metavar="REFERENCE", type=Path, nargs="?", help="a folder of real images, in place of data=..."
    )
    options = [
        given for given in sys.argv[1:] if "=" in given and not given.startswith("-") and not Path(given).exists()
    ]
    args = parser.parse_args([argument for argument in sys.argv[1:] if argument not in options])

    here = rank_info()
    set_threads(here.local_world, here.world)
    device = torch.device("cuda", here.local_rank) if torch.cuda.is_available() else torch.device("cpu")
    with process_group(device), propagate_errors():
        results, out = evaluate(args.run, args.reference, options, device)
        if rank_and_world()[0] > 0:
            return
    print(table(results))
    try:
        out.write_text(json.dumps(results, indent=2) + "\n")
    except OSError as error:
        raise UserError(f"out={out}: {error}") from error
    print(f"Wrote    {out}")


def evaluate(
    run: Path, reference: Path | None, options: list[str], device: torch.device
) -> tuple[dict[str, Any], Path]:
    """Score a run or a folder.

    Args:
        run: A run's folder, a checkpoint, or a folder of images.
        reference: A folder of real images; where None, the data set that the options or the run name.
        options: Overrides of ``conf/evaluate.yaml``.
        device: Where samples and features are computed.

    Returns:
        Scores and protocol as the JSON file holds them, and that file's path.

    Raises:
        UserError: If something is wrong that the user can mend.
    """
    start = perf_counter()
    subject, data, config = subject_and_config(run, reference, options, device)
    metric = build(config.metric)
    assert isinstance(metric, Evaluator)
    if metric.needs_labels and not subject.conditional:
        raise UserError(f"metric: it needs samples of wanted classes, which {subject.name} are not")
    at = perf_counter()
    comparison = metric.prepare(data, device)
    real_seconds = perf_counter() - at

    rounds = []
    for seed in subject.seeds:
        what = f"Seed {seed}" if len(subject.seeds) > 1 else "Images"
        batches = progress_bar(subject.images(seed), len(rank_range(subject.num)) / config.batch_size, what)
        rounds.append(comparison(batches))
    results = {
        "command": shlex.join(["python", "-m", "gan.evaluate", *sys.argv[1:]]),
        "scores": {name: _over_seeds([scores[name] for scores in rounds]) for name in rounds[0]},
        "subject": subject.name,
        "reference": str(reference) if reference is not None else f"{type(data).__name__} ({config.metric.split})",
        "protocol": {**comparison.protocol, **subject.facts, "seeds": list(subject.seeds)},
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "versions": versions(),
        "processes": rank_and_world()[1],
        "real_seconds": round(real_seconds, 2),
        "seconds": round(perf_counter() - start, 2),
    }
    return results, Path(str(config.out)) if config.out is not None else subject.home / "evaluation.json"


def table(results: dict[str, Any]) -> str:
    """Put scores and protocol in lines."""
    protocol, seeds = results["protocol"], len(results["protocol"]["seeds"])
    width = max(map(len, results["scores"]))
    lines = [
        f"{name:<{width}}  {score['mean']:.5g}" + (f" ± {score['std']:.2g}" if seeds > 1 else "")
        for name, score in results["scores"].items()
    ]
    sets = f" for each of {seeds} seeds; mean ± standard deviation over them" if seeds > 1 else ""
    return "\n".join(
        [
            *lines,
            "",
            f"Scored   {protocol['fake_images']:,} {results['subject']}{sets}",
            f"Against  {protocol['real_images']:,} images of {results['reference']}",
            f"Features {protocol['features']}, weights {protocol.get('weights')}, resize {protocol.get('resize')}",
            f"Time     {results['seconds']:.1f} s, {results['real_seconds']:.1f} s of it for the real images",
        ]
    )


def _over_seeds(values: list[float]) -> dict[str, Any]:
    return {"mean": fmean(values), "std": stdev(values) if len(values) > 1 else None, "values": values}


if __name__ == "__main__":
    cli.run(main, CONF / "evaluate.yaml")
