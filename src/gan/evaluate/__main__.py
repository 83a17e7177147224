"""``python -m gan.evaluate RUN``: score a generator, or a folder of images, and print scores and protocol."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gan import cli
from gan.checkpoint.trust import local_trust
from gan.distributed.group import rank_and_world
from gan.distributed.session import rank_session
from gan.errors import UserError
from gan.evaluate.scoring import evaluate
from gan.features.none import NoFeatures
from gan.runs.protocol import describe_measures
from gan.runs.writing import write_text

__all__ = ["main"]

OPTIONS = """OPTION=VALUE overrides conf/evaluate.yaml: metric=kernel, metric=[frechet,modes],
metric/features=classifier, num_samples=10000, split=test, seeds=1, data=mnist5k, image_size=64, out=scores.json, ..."""


def main() -> None:
    """Parse the command line, evaluate, print a table and write the JSON file."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.evaluate",
        usage="%(prog)s [-h] [--trust PACKAGE] RUN [REFERENCE] [OPTION=VALUE ...]",
        description="Score a generator, or a folder of images, against real images.",
        epilog=OPTIONS,
    )
    parser.add_argument(
        "run", metavar="RUN", type=Path, help="a run's folder, a checkpoint, an export, or a folder of images"
    )
    parser.add_argument(
        "reference", metavar="REFERENCE", type=Path, nargs="?", help="a folder of real images, instead of data=..."
    )
    cli.add_trust(parser)
    options = [
        argument
        for argument in sys.argv[1:]
        if "=" in argument and not argument.startswith("-") and not Path(argument).exists()
    ]
    args = parser.parse_args([argument for argument in sys.argv[1:] if argument not in options])

    with rank_session() as device:
        results, out = evaluate(args.run, args.reference, options, device, local_trust(args.trust))
        if rank_and_world()[0] > 0:
            return
    print(table(results))
    if not out.parent.is_dir():  # a misspelt folder is not created
        raise UserError(f"out={out}: No such file or directory: {out.parent}")
    write_text(out, json.dumps(results, indent=2) + "\n")
    print(f"Wrote    {out}")


def table(results: dict[str, Any]) -> str:
    """Format scores and protocol as lines of text."""
    protocol, seeds = results["protocol"], len(results["protocol"]["seeds"])
    trivial = results["trivial_baselines"]
    rows = [["", "samples", *trivial]] if trivial else []
    for name, score in results["scores"].items():
        deviation = f" ± {score['std']:.2g}" if seeds > 1 else ""
        beside = (f"{scores[name]:.5g}" if name in scores else "" for scores in trivial.values())
        rows.append([name, f"{score['mean']:.5g}{deviation}", *beside])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    sets = f" for each of {seeds} seeds; mean ± standard deviation over seeds" if seeds > 1 else ""
    count = f"{protocol['fake_images']:,} " if protocol["fake_images"] else ""  # none for scores of a model itself
    features = [f"Features {protocol['features']}, weights {protocol.get('weights')}, resize {protocol.get('resize')}"]
    if protocol["features"] == NoFeatures.name:
        features = []
    return "\n".join(
        [
            *lines,
            "",
            f"Scored   {count}{results['subject']}{sets}",
            f"Against  {protocol['real_images']:,} {protocol.get('noun', 'images')} of {results['reference']}",
            f"Measures {'; '.join(describe_measures(protocol['measures']))}",
            *features,
            f"Time     {results['seconds']:.1f} s, {results['real_seconds']:.1f} s of them for the real images",
        ]
    )


if __name__ == "__main__":
    cli.run(main, "evaluate")
