"""Training as users run it, compared with the hand-written loops of ``gan.benchmark.loops``."""

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

from gan.benchmark.interleaving import measure_alternately
from gan.benchmark.loops import ROWS, bare_loop, ordinary_loop, write_pngs
from gan.benchmark.output import format_ratios, make_result
from gan.benchmark.recipes import RECIPES, bare_biggan, bare_stylegan2
from gan.benchmark.translation import NUM_PAIRS, TRANSLATION, bare_cyclegan, bare_pix2pix, write_pairs
from gan.benchmark.workers import Loop, UpdateGate, Workers
from gan.callbacks.periodic import is_generator_update
from gan.config import compose_config
from gan.errors import UserError
from gan.resolvers import register_resolvers
from gan.training import train

__all__ = ["MODELS", "GateCallback", "noise_loops", "our_loop", "recipe_loops", "translation_loops", "updates"]

MODELS = {
    "mlp_gan": ["model=mlp_gan", "data=mnist5k"],
    "dcgan-32": ["model=dcgan", "model.generator.width=64", "data=stacked_mnist", "data.image_size=32"],
    "dcgan-64": ["model=dcgan", "model.generator.width=64", "data=stacked_mnist", "data.image_size=64"],
    "sngan-32": ["model=sngan", "data=stacked_mnist", "data.image_size=32"],
}
LOSSES = ("non_saturating", "wgan_gp", "r3gan")
BATCH_SIZES = (64, 256)
CASES = [f"{model}/{loss}/{batch}" for model, loss, batch in product(MODELS, LOSSES, BATCH_SIZES)]
CASES += ["stylegan2-28/non_saturating/64", "biggan-28/hinge/64"]
CASES += ["pix2pix-64/non_saturating/16", "cyclegan-64/least_squares/4"]
WARM_UP = 2  # updates that are not counted
_gates: list[UpdateGate] = []  # this worker's gate, for the callback, which Hydra instantiates


def updates(options: list[str], rounds: int, seconds: float, only: str) -> dict[str, Any]:
    """Measure the time and memory of updates.

    Args:
        options: Further options of train.py, for all implementations.
        rounds: Measurements per implementation.
        seconds: Seconds per measurement of the fastest implementation.
        only: Pattern of case names, such as ``dcgan-32/wgan_gp/64``.

    Raises:
        UserError: If no case matches the pattern.
    """
    names = [name for name in CASES if fnmatch(name, only)]
    if not names:
        raise UserError(f"--only {only}: the cases are {', '.join(CASES)}")
    cases = {}
    for name in names:
        with TemporaryDirectory() as folder:
            cases[name] = _measure_case(name, options, rounds, seconds, Path(folder))
        print(f"{name}: {_format_case(cases[name])}", flush=True)
    return make_result("updates", options, cases=cases, table=_table(cases))


def _measure_case(name: str, options: list[str], rounds: int, seconds: float, folder: Path) -> dict[str, Any]:
    model, loss, batch = name.split("/")
    options = [f"loss={loss}", f"data.batch_size={batch}", "name=benchmark", *options]
    make = translation_loops if model in TRANSLATION else recipe_loops if model in RECIPES else noise_loops
    loops = make(model, loss, options, folder)
    with Workers(loops) as workers:
        for implementation in loops:
            workers.time_updates(implementation, WARM_UP)
        fastest = min(workers.time_updates(implementation, 1) for implementation in loops)
        num = ceil(seconds / fastest)
        times = measure_alternately({key: partial(workers.time_updates, key, num) for key in loops}, rounds, name)
    return {
        "updates_a_turn": num,
        "seconds_an_update": times,
        "images_per_second": {key: int(batch) / median(values) for key, values in times.items()},
        "peak_memory_mb": workers.peak_memory,
    }


def noise_loops(model: str, loss: str, options: list[str], folder: Path, num: int = ROWS) -> dict[str, Loop]:
    """Return the implementations of a GAN whose input is noise; the ordinary one reads ``num`` files."""
    options = [*MODELS[model], *options]
    write_pngs(options, folder / "pngs", num)
    return {
        "ours": partial(our_loop, [*options, f"run_dir={folder / 'run'}"]),
        "bare": partial(bare_loop, options, loss),
        "ordinary": partial(ordinary_loop, options, loss, folder / "pngs"),
    }


def recipe_loops(model: str, _loss: str, options: list[str], folder: Path) -> dict[str, Loop]:
    """Return the implementations of a recipe, whose penalties the ordinary loop lacks."""
    options = [*RECIPES[model], *options]
    bare = bare_stylegan2 if model.startswith("stylegan2") else bare_biggan
    return {"ours": partial(our_loop, [*options, f"run_dir={folder / 'run'}"]), "bare": partial(bare, options)}


def translation_loops(
    model: str, _loss: str, options: list[str], folder: Path, num: int = NUM_PAIRS
) -> dict[str, Loop]:
    """Return the implementations of a translator, without crops and flips, which the bare loop lacks."""
    write_pairs(folder / "pairs", num)
    options = [*TRANSLATION[model], f"data.path={folder / 'pairs'}", "data.jitter=1.0", "data.flip=false", *options]
    bare = bare_pix2pix if model.startswith("pix2pix") else bare_cyclegan
    return {"ours": partial(our_loop, [*options, f"run_dir={folder / 'run'}"]), "bare": partial(bare, options)}


def our_loop(options: list[str], gate: UpdateGate) -> None:
    """Train endlessly with a run's default features, except evaluation and sample grids."""
    register_resolvers()
    _gates.append(gate)
    extra = [
        "+callbacks.gate={_target_: gan.benchmark.updates.GateCallback}",
        "callbacks.evaluation=null",
        "callbacks.samples=null",
        "trainer.max_steps=-1",
    ]
    os.environ["WANDB_MODE"] = "offline"
    with Path(os.devnull).open("w", encoding="utf-8") as devnull, redirect_stdout(devnull), redirect_stderr(devnull):
        train(compose_config("train", [*options, *extra]))


class GateCallback(Callback):
    """Calls the worker's gate before each generator update."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Wait before the first update."""
        _gates[0]()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Wait before the next update."""
        if is_generator_update(outputs):
            _gates[0]()


def _format_case(case: dict[str, Any]) -> str:
    times, peaks = case["seconds_an_update"], case["peak_memory_mb"]
    parts = [f"{1e3 * median(times['ours']):.1f} ms per update, {case['images_per_second']['ours']:,.0f} images/s"]
    parts += [f"{format_ratios(times[other], times['ours'])} of {other}" for other in times if other != "ours"]
    return "; ".join([*parts, f"memory {peaks['ours'] / peaks['bare']:.2f} of bare"])


def _table(cases: dict[str, Any]) -> str:
    lines = [
        "| case | ms per update | images/s | speed against bare | speed against ordinary | memory, MB (bare) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, case in cases.items():
        times, peaks = case["seconds_an_update"], case["peak_memory_mb"]
        ordinary = format_ratios(times["ordinary"], times["ours"]) if "ordinary" in times else "not measured"
        lines.append(
            f"| {name} | {1e3 * median(times['ours']):.1f} | {case['images_per_second']['ours']:,.0f} "
            f"| {format_ratios(times['bare'], times['ours'])} | {ordinary} "
            f"| {peaks['ours']:,.0f} ({peaks['bare']:,.0f}) |"
        )
    return "\n".join(lines)
