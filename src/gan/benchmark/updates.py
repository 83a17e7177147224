"""Training as users have it, against the shortest loop by hand, and against the loop of most repositories."""

import os
from contextlib import redirect_stderr, redirect_stdout
from fnmatch import fnmatch
from functools import partial
from itertools import product
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer

from gan.benchmark.bare import bare, ordinary, write_pngs
from gan.benchmark.rounds import ratios, result
from gan.benchmark.turns import Gate, Turns
from gan.callbacks.periodic import is_generator_update
from gan.config import compose_config
from gan.errors import UserError
from gan.progress import progress_bar
from gan.runs import resolver
from gan.training import train

__all__ = ["GateKeeper", "updates"]

MODELS = {
    "mlp_gan": ["model=mlp_gan", "data=mnist5k"],
    "dcgan-32": ["model=dcgan", "model.generator.width=64", "data=stacked_mnist", "data.image_size=32"],
    "dcgan-64": ["model=dcgan", "model.generator.width=64", "data=stacked_mnist", "data.image_size=64"],
    "sngan-32": ["model=sngan", "data=stacked_mnist", "data.image_size=32"],
}
LOSSES = ("non_saturating", "wgan_gp", "r3gan")
BATCHES = (64, 256)
WARM_UP = 2  # updates that are not counted
_gates: list[Gate] = []  # of this process: Hydra builds the callback that passes it


def updates(options: list[str], rounds: int, seconds: float, only: str) -> dict[str, Any]:
    """Measure.

    Args:
        options: More options of train.py, for all sides.
        rounds: Turns that each side has.
        seconds: Of a turn of the fastest side.
        only: A pattern for the names of cases, such as ``dcgan-32/wgan_gp/64``.

    Raises:
        UserError: If no case has such a name.
    """
    names = [f"{model}/{loss}/{batch}" for model, loss, batch in product(MODELS, LOSSES, BATCHES)]
    chosen = [name for name in names if fnmatch(name, only)]
    if not chosen:
        raise UserError(f"--only {only}: the cases are {', '.join(names)}")
    cases = {}
    for name in chosen:
        with TemporaryDirectory() as folder:
            cases[name] = _case(name, options, rounds, seconds, Path(folder))
        print(f"{name}: {_line(cases[name])}", flush=True)
    return result("updates", options, cases=cases, table=_table(cases))


def _case(name: str, options: list[str], rounds: int, seconds: float, folder: Path) -> dict[str, Any]:
    model, loss, batch = name.split("/")
    options = [*MODELS[model], f"loss={loss}", f"data.batch_size={batch}", "name=benchmark", *options]
    write_pngs(options, folder / "pngs")
    sides = {
        "ours": partial(ours, [*options, f"run_dir={folder / 'run'}"]),
        "bare": partial(bare, options, loss),
        "ordinary": partial(ordinary, options, loss, folder / "pngs"),
    }
    with Turns(sides) as turns:
        for side in sides:
            turns.turn(side, WARM_UP)
        fastest = min(turns.turn(side, 1) for side in sides)
        number = ceil(seconds / fastest)
        taken = turns.rounds(dict.fromkeys(sides, number), progress_bar(range(rounds), rounds, name))
    return {
        "updates_a_turn": number,
        "seconds_an_update": taken,
        "images_per_second": {side: int(batch) / median(times) for side, times in taken.items()},
        "peak_memory_mb": turns.peaks,
    }


def ours(options: list[str], gate: Gate) -> None:
    """Train without end, with all that a user has but evaluation and pictures."""
    resolver.register()
    _gates.append(gate)
    extra = [
        "+callbacks.gate={_target_: gan.benchmark.updates.GateKeeper}",
        "callbacks.evaluation=null",
        "callbacks.samples=null",
        "trainer.max_steps=-1",
    ]
    os.environ["WANDB_MODE"] = "offline"
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        train(compose_config("train", [*options, *extra]))


class GateKeeper(Callback):
    """Passes the process's gate before each generator update."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Wait for the first turn."""
        _gates[0]()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Let the next update begin."""
        if is_generator_update(outputs):
            _gates[0]()


def _line(case: dict[str, Any]) -> str:
    taken, peaks = case["seconds_an_update"], case["peak_memory_mb"]
    parts = [f"{1e3 * median(taken['ours']):.1f} ms an update, {case['images_per_second']['ours']:,.0f} images/s"]
    parts += [f"{ratios(taken[other], taken['ours'])} of {other}" for other in ("bare", "ordinary")]
    return "; ".join([*parts, f"memory {peaks['ours'] / peaks['bare']:.2f} of bare"])


def _table(cases: dict[str, Any]) -> str:
    lines = [
        "| case | ms an update | images/s | against bare | against ordinary | memory, MB (bare) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, case in cases.items():
        taken, peaks = case["seconds_an_update"], case["peak_memory_mb"]
        lines.append(
            f"| {name} | {1e3 * median(taken['ours']):.1f} | {case['images_per_second']['ours']:,.0f} "
            f"| {ratios(taken['bare'], taken['ours'])} | {ratios(taken['ordinary'], taken['ours'])} "
            f"| {peaks['ours']:,.0f} ({peaks['bare']:,.0f}) |"
        )
    return "\n".join(lines)
