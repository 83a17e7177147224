"""Cases of ``gan.benchmark gpu``, most important first: implementations that are timed alternately."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import torch

from gan.benchmark.loops import bare_loop
from gan.benchmark.recipes import RECIPES
from gan.benchmark.sampling import evaluation_loop, fidelity_loop, forward_loop, sampling_loop
from gan.benchmark.translation import TRANSLATION
from gan.benchmark.updates import MODELS, noise_loops, our_loop, recipe_loops, translation_loops
from gan.benchmark.workers import Loop, UpdateGate

__all__ = ["NEEDS_GPU", "Case", "gpu_cases"]

NEEDS_GPU = "skipped: needs a GPU"
GRAPH, OUR_GRAPH = "bare, CUDA graph", "ours, CUDA graph"
NO_GRAPH = "not possible: a run seeds generators, logs and calls callbacks at each update, which a graph cannot replay"
MORE = (  # further cases of training updates
    "stylegan2-28/non_saturating/64",
    "mlp_gan/wgan_gp/64",
    "sngan-32/r3gan/64",
    "biggan-28/hinge/64",
    "pix2pix-64/non_saturating/16",
    "cyclegan-64/least_squares/4",
)
TRIED = ("dcgan-32", "stylegan2-28", "cyclegan-64")  # models of a trial run

SMALL = ["model.generator.width=4", "data.batch_size=4"]
SMALL_NETWORKS = [*SMALL, "model.discriminator.width=4"]
SMALL_TRANSLATOR = ["model.discriminator.n_layers=1", "data.batch_size=4"]
FEW = 32  # files or samples of a trial run


@dataclass(frozen=True)
class Case:
    """Implementations of one thing, which are timed alternately.

    Attributes:
        name: Name in the table.
        images: Images per update, or per evaluation.
        prepare: Writes files to a folder, and returns the implementations by name.
        reference: The implementation that the others are compared with.
        weight: Share of the time, relative to the other cases.
        absent: Reasons by the names of implementations that are not measured.
        tried: Whether a trial run measures the case; one of each kind is enough.
    """

    name: str
    images: int
    prepare: Callable[[Path], dict[str, Loop]]
    reference: str = "bare"
    weight: float = 1.0
    absent: Mapping[str, str] = field(default_factory=dict)
    tried: bool = True


def gpu_cases(options: list[str], dry: bool) -> list[Case]:
    """Return all cases.

    Args:
        options: Further options of train.py, for all implementations.
        dry: Whether this is a trial run on the CPU, with tiny sizes.
    """
    base = [f"trainer={'cpu' if dry else 'gpu'}", "logger=none", *options]
    num, small, fetching = (FEW, SMALL_NETWORKS, 1) if dry else (10_000, [], 4)
    training = [*MODELS["dcgan-32"], "name=benchmark", *small, *base]
    evaluated = ["model=dcgan", "model.generator.width=64", "data=mnist5k", "data.image_size=32", *small, *base]
    return [
        _training_case("dcgan-32/non_saturating/64", base, dry, every_way=True),
        _training_case("dcgan-64/non_saturating/256", base, dry, every_way=True),
        Case(
            "data of dcgan-32/non_saturating/64",
            4 if dry else 64,
            partial(_data_loops, training, fetching),
            reference="bare, images on the device",
            weight=2,
        ),
        Case(
            f"Fréchet distance of {num:,} samples",
            num,
            partial(_evaluation_loops, evaluated, num),
            reference="torch-fidelity",
            weight=2,
            absent={} if find_spec("torch_fidelity") else {"torch-fidelity": "skipped: pip install torch-fidelity"},
        ),
        Case(f"{num:,} samples, dcgan-32", num, partial(_sampling_loops, training, num), reference="forward pass"),
        *(_training_case(name, base, dry) for name in MORE),
    ]


def _training_case(name: str, base: list[str], dry: bool, every_way: bool = False) -> Case:
    """Return a case of training updates.

    Args:
        name: Model and resolution, loss, batch size.
        base: Options of all cases.
        dry: Whether sizes are tiny.
        every_way: Whether compiled networks and CUDA graphs are measured too.
    """
    model, loss, batch = name.split("/")
    options = [f"loss={loss}", f"data.batch_size={batch}", "name=benchmark"]
    few = {"num": FEW} if dry else {}

    def prepare(folder: Path) -> dict[str, Loop]:
        if model in RECIPES:
            return recipe_loops(model, loss, [*options, *(SMALL if dry else ()), *base], folder)
        if model in TRANSLATION:
            width = f"model.generator{'.a_to_b' if model.startswith('cyclegan') else ''}.width=2"
            return translation_loops(
                model, loss, [*options, *([*SMALL_TRANSLATOR, width] if dry else ()), *base], folder, **few
            )
        ours = [*options, *(SMALL_NETWORKS if dry else ()), *base]
        loops = noise_loops(model, loss, ours, folder, **few)
        return loops | (compiled_loops([*MODELS[model], *ours], folder) if every_way else {})

    def compiled_loops(ours: list[str], folder: Path) -> dict[str, Loop]:
        compiled: Loop = partial(our_loop, [*ours, "model.compile=true", f"run_dir={folder / 'compiled'}"])
        loops: dict[str, Loop] = {
            "ours, compiled": partial(_compiled, compiled, dry),
            "bare, compiled": partial(_compiled, partial(bare_loop, ours, loss, run="compiled"), dry),
        }
        return loops | ({} if dry else {GRAPH: partial(bare_loop, ours, loss, run="graph")})

    graphs = {OUR_GRAPH: NO_GRAPH} | ({GRAPH: NEEDS_GPU} if dry else {})
    return Case(
        name,
        4 if dry else int(batch),
        prepare,
        weight=3 if every_way else 1,
        absent=graphs if every_way else {},
        tried=model in TRIED,
    )


def _compiled(loop: Loop, dry: bool, gate: UpdateGate) -> None:
    """Run a loop with compiled networks; a trial run leaves them uncompiled, as compiling takes half a minute."""
    with torch.compiler.set_stance("force_eager" if dry else "default"):
        loop(gate)


def _data_loops(options: list[str], fetching: int, folder: Path) -> dict[str, Loop]:
    """Return loops with images that lie in memory, on the device, or are fetched by some processes."""
    loops: dict[str, Loop] = {}
    for workers in (0, fetching):
        run = [*options, f"+data.num_workers={workers}", f"run_dir={folder / f'run{workers}'}"]
        loops[f"ours, {workers} workers"] = partial(our_loop, run)
    loops["bare, images on the device"] = partial(bare_loop, options, "non_saturating")
    loops[f"bare, {fetching} workers"] = partial(bare_loop, options, "non_saturating", workers=fetching)
    return loops


def _evaluation_loops(options: list[str], num: int, folder: Path) -> dict[str, Loop]:
    loops: dict[str, Loop] = {"ours": partial(evaluation_loop, options, num)}
    if find_spec("torch_fidelity"):
        loops["torch-fidelity"] = partial(fidelity_loop, options, num, folder)
    return loops


def _sampling_loops(options: list[str], num: int, _folder: Path) -> dict[str, Loop]:
    return {"ours": partial(sampling_loop, options, num), "forward pass": partial(forward_loop, options, num)}
