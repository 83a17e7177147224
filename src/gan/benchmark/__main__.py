"""``python -m gan.benchmark CASE``: measure, print a table, write JSON."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan import cli
from gan.benchmark.ranks import ranks
from gan.benchmark.sampling import evaluate, sample
from gan.benchmark.scale import scale
from gan.benchmark.start import start
from gan.benchmark.updates import updates
from gan.errors import UserError

__all__ = ["main"]

CASES: dict[str, Callable[..., dict[str, Any]]] = {
    "updates": updates,
    "ranks": ranks,
    "scale": scale,
    "start": start,
    "sample": sample,
    "evaluate": evaluate,
}


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m gan.benchmark", description="Compare sides that take turns.")
    cases = parser.add_subparsers(dest="case", required=True, metavar="CASE")

    def case(name: str, what: str, rounds: int) -> argparse.ArgumentParser:
        sub = cases.add_parser(name, help=what, description=what)
        sub.add_argument("options", metavar="OPTION=VALUE", nargs="*", help="options of train.py, for all sides")
        sub.add_argument("--rounds", type=int, default=rounds, help="turns that each side has (default: %(default)s)")
        sub.add_argument("--out", type=Path, default=Path("benchmark.json"), help="(default: %(default)s)")
        return sub

    sub = case("updates", "training against the shortest loop by hand, and against that of most repositories", 5)
    sub.add_argument("--only", default="*", help="a pattern of cases, such as 'dcgan-32/*/64' (default: all)")
    sub.add_argument("--seconds", type=float, default=4.0, help="of the fastest side's turn (default: %(default)s)")
    case("start", "from the command to the first update", 5)
    case("sample", "sampling against the bare forward pass", 9)
    case("evaluate", "the Fréchet distance of 10,000 samples against torch-fidelity's", 9)
    sub = case("scale", "what training costs as one thing grows", 3)
    sub.add_argument("--steps", type=int, default=60, help="generator updates a turn (default: %(default)s)")
    sub = case("ranks", "two processes against one, and against Lightning's DDP", 3)
    sub.add_argument("--steps", type=int, default=60, help="generator updates a turn (default: %(default)s)")

    args = vars(parser.parse_args())
    name, out = args.pop("case"), args.pop("out")
    if args["rounds"] < 1 or args.get("steps", 20) < 20:
        raise UserError("--rounds must be at least 1, and --steps at least 20: the first 10 are not counted")
    if args.get("seconds", 1) <= 0:
        raise UserError("--seconds must be positive")
    result = CASES[name](**args)
    print(result.pop("table"))
    out.write_text(json.dumps(result, indent=2) + "\n")
    print(f"Wrote {out}")


if __name__ == "__main__":
    cli.run(main)
