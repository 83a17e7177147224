"""``python -m gan.benchmark CASE``: measure, print a table, and write JSON."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan import cli
from gan.benchmark.files import files
from gan.benchmark.gpu import gpu
from gan.benchmark.plan import plan
from gan.benchmark.ranks import ranks
from gan.benchmark.sampling import evaluate, sample
from gan.benchmark.scale import scale
from gan.benchmark.start import start
from gan.benchmark.updates import updates
from gan.errors import UserError
from gan.runs.writing import write_text

__all__ = ["main"]

CASES: dict[str, Callable[..., dict[str, Any]]] = {
    "updates": updates,
    "ranks": ranks,
    "plan": plan,
    "scale": scale,
    "start": start,
    "files": files,
    "sample": sample,
    "evaluate": evaluate,
}


def main() -> None:
    """Parse the command line and run a case."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.benchmark", description="Compare implementations, which are timed alternately."
    )
    cases = parser.add_subparsers(dest="case", required=True, metavar="CASE")

    def add_case(
        name: str, description: str, rounds: int | None, out: str = "benchmark.json", of_out: str = "JSON file"
    ) -> argparse.ArgumentParser:
        sub = cases.add_parser(name, help=description, description=description)
        sub.add_argument(
            "options", metavar="OPTION=VALUE", nargs="*", help="options of train.py, for all implementations"
        )
        if rounds is not None:
            sub.add_argument(
                "--rounds",
                type=cli.up_to(10_000),
                default=rounds,
                help="measurements per implementation (default: %(default)s)",
            )
        sub.add_argument("--out", type=Path, default=Path(out), help=f"{of_out} (default: %(default)s)")
        return sub

    sub = add_case("updates", "training, compared with a minimal and an ordinary hand-written loop", 5)
    sub.add_argument("--only", default="*", help="pattern of cases, such as 'dcgan-32/*/64' (default: all)")
    sub.add_argument(
        "--seconds",
        type=cli.up_to(86_400, float),
        default=4.0,
        help="seconds per measurement of the fastest implementation (default: %(default)s)",
    )
    add_case("start", "time from the command to the first update", 5)
    sub = add_case("files", "start and loading of many image files, compared with a bare loop", 5)
    sub.add_argument(
        "--images", type=cli.up_to(10_000_000), default=20_000, help="number of files (default: %(default)s)"
    )
    add_case("sample", "sampling, compared with the bare forward pass", 9)
    add_case("evaluate", "Fréchet distance of 10,000 samples, compared with torch-fidelity", 9)
    for name, description in (
        ("scale", "training throughput by batch size, width, resolution and processes"),
        ("ranks", "training with two processes, compared with one and with Lightning's DDP"),
    ):
        sub = add_case(name, description, 3)
        sub.add_argument(
            "--steps",
            type=cli.up_to(1_000_000),
            default=60,
            help="generator updates per measurement (default: %(default)s)",
        )
    sub = add_case("plan", "memory, messages and days of a run on many devices, by arithmetic", None)
    sub.add_argument("--devices", type=cli.up_to(100_000), default=8, help="devices (default: %(default)s)")
    sub.add_argument(
        "--images", type=cli.up_to(10**12), default=25_000_000, help="real images that D sees (default: %(default)s)"
    )
    sub.add_argument(
        "--teraflops",
        type=cli.up_to(1e6, float),
        help="10^12 operations per second that a device sustains; without it, no time is planned",
    )
    sub.add_argument(
        "--gigabits",
        type=cli.up_to(1e6, float),
        default=100.0,
        help="10^9 bits per second between two devices (default: %(default)s)",
    )
    sub = add_case(
        "gpu", "correctness and speed on one GPU, in a limited time", None, "benchmark-gpu", "folder of JSON and a page"
    )
    sub.add_argument(
        "--minutes", type=cli.up_to(1440, float), default=8.0, help="time for everything (default: %(default)s)"
    )
    sub.add_argument("--dry", action="store_true", help="try it out on the CPU, with tiny sizes")
    sub.add_argument(
        "--only", default="*", help="pattern of names: 'checks', or cases such as 'dcgan-*' (default: all)"
    )

    args = vars(parser.parse_args())
    name = args.pop("case")
    if args.get("rounds", 1) < 1 or args.get("steps", 20) < 20:
        raise UserError("--rounds must be at least 1, and --steps at least 20: the first 10 are not counted")
    if args.get("images", 1000) < 1000:
        raise UserError("--images must be at least 1,000")
    for option in ("seconds", "minutes", "teraflops", "gigabits", "devices"):
        if (value := args.get(option)) is not None and value <= 0:
            raise UserError(f"--{option} must be positive")
    if name == "gpu":  # writes after each part, and its checks may fail
        sys.exit(gpu(**args))
    out = args.pop("out")
    result = CASES[name](**args)
    print(result.pop("table"))
    write_text(out, json.dumps(result, indent=2) + "\n")
    print(f"Wrote {out}")


if __name__ == "__main__":
    cli.run(main)
