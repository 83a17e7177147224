"""``python -m tests.faults``: a campaign of faults, rerun by its seed.

By default a share of each kind is tried, in about five minutes; with ``--whole`` all of them. The files of cases that
failed are kept, and the exit status is 1 if there are any.
"""

import json
import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported; the processes inherit it

from tests.faults import damaged, hostile, kills, options, outages, storage
from tests.faults.mounts import enter_namespace
from tests.faults.outcome import Outcome, UndisturbedError


class Kind(NamedTuple):
    """Kind of fault.

    Attributes:
        run: Function that tries the cases of given numbers.
        share: Number of cases by default.
        whole: Number of cases of the whole campaign.
        demand: What is demanded of every case.
    """

    run: Callable[[int, Sequence[int], Path], Outcome]
    share: int
    whole: int
    demand: str


KINDS = {
    "kills": Kind(kills.run, 20, 200, "finished by the commands that a user has, in the bits of an undisturbed run"),
    "damaged": Kind(damaged.run, 100, 500, "the damaged file is named in one line, or nothing that it holds differs"),
    "hostile": Kind(hostile.run, 60, 300, "nothing run, nothing written, nothing read from the environment"),
    "options": Kind(options.run, 100, 1000, "works, or its key is named in one line, within ten seconds"),
    "storage": Kind(
        storage.run, 4, 12, "one line that names the folder; later finished in the bits of an undisturbed run"
    ),
    "outages": Kind(outages.run, 2, 16, "ends as a run without a tracker, at most timeout + 2 s later"),
}


def main() -> int:
    """Run the campaign, print its table, and return the exit status."""
    arguments = _parse()
    enter_namespace()  # before other processes start
    folder = Path(tempfile.mkdtemp(prefix="gan-faults-"))
    outcomes = []
    for name, kind in KINDS.items():
        cases = range(getattr(arguments, name)) if arguments.case is None else [arguments.case]
        if arguments.only in (None, name) and len(cases) > 0:
            try:
                outcomes.append(kind.run(arguments.seed, cases, folder / name))
            except UndisturbedError as error:
                sys.exit(f"{name}: {error}")
            print(f"{name}: {outcomes[-1].passed} of {len(cases)} as demanded", file=sys.stderr, flush=True)
    failed = any(outcome.failures for outcome in outcomes)
    print(table(outcomes))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n")
    if not failed:
        shutil.rmtree(folder)
    return int(failed)


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table in Markdown."""
    lines = ["| fault | tried | as demanded | demand | seconds per case |", "|:--|--:|--:|:--|--:|"]
    for outcome in outcomes:
        each = outcome.seconds / max(1, outcome.tried)
        demand = KINDS[outcome.kind].demand
        lines.append(f"| {outcome.kind} | {outcome.tried:,} | {outcome.passed:,} | {demand} | {each:.2g} |")
    return "\n".join(lines)


def _parse() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.faults", description="Rerun a campaign of faults.")
    parser.add_argument("--seed", type=int, default=0, help="seed of all cases")
    parser.add_argument("--whole", action="store_true", help="try all cases, for which it takes more than an hour")
    for name, kind in KINDS.items():
        parser.add_argument(
            f"--{name}", type=int, metavar="N", help=f"number of cases: {kind.share}, whole {kind.whole}"
        )
    parser.add_argument("--only", choices=KINDS, metavar="KIND", help=f"one kind alone: {', '.join(KINDS)}")
    parser.add_argument("--case", type=int, metavar="N", help="one case alone, with --only")
    parser.add_argument("--json", type=Path, metavar="OUT", help="file for all outcomes")
    arguments = parser.parse_args()
    if arguments.case is not None and arguments.only is None:
        parser.error("--case needs --only")
    for name, kind in KINDS.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, kind.whole if arguments.whole else kind.share)
    return arguments


if __name__ == "__main__":
    sys.exit(main())
