"""``python -m gan.benchmark CASE``: measure, print a table, write JSON."""

import argparse
import json
from pathlib import Path

from gan import cli
from gan.benchmark.ranks import ranks
from gan.benchmark.rounds import table
from gan.errors import UserError

__all__ = ["main"]

CASES = {"ranks": ranks}


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m gan.benchmark", description="Compare sides that take turns.")
    parser.add_argument("case", choices=CASES, help="ranks: two processes against one, and against Lightning's DDP")
    parser.add_argument("options", metavar="OPTION=VALUE", nargs="*", help="options of train.py, for all sides")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each side has (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=60, help="generator updates a turn (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("benchmark.json"), help="(default: %(default)s)")
    args = parser.parse_args()
    if args.rounds < 1 or args.steps < 20:
        raise UserError("--rounds must be at least 1, and --steps at least 20: the first 10 are not counted")
    result = CASES[args.case](args.options, args.rounds, args.steps)
    print(table(result))
    args.out.write_text(json.dumps(result, indent=2) + "\n")
    print(f"Wrote {args.out}")


if __name__ == "__main__":
    cli.run(main)
