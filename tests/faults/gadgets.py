"""Gadgets: values by which a configuration from a file could run, write, import or read something.

Each is drawn at random from what OmegaConf resolves and Hydra instantiates, at any depth of a real configuration.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from hydra.core.utils import setup_globals
from omegaconf.basecontainer import BaseContainer

from gan.substitution import get_value, set_value, substitute

__all__ = [
    "GADGETS",
    "MUTATIONS",
    "PLACES",
    "SPECIAL_KEYS",
    "Canary",
    "arguments",
    "resolver_text",
    "resolvers",
    "settings",
]

Config = dict[str, Any]

GADGETS: list[Any] = [
    "builtins.eval",
    "builtins.exec",
    "builtins.__import__",
    "os.system",
    "os.putenv",
    "subprocess.Popen",
    "pathlib.Path",
    "pathlib.Path.write_text",
    "shutil.copy",
    "logging.FileHandler",
    "logging.config.dictConfig",
    "pandas.read_pickle",
    "joblib.load",
    "sympy.sympify",
    "hydra.utils.instantiate",
    "hydra.utils.get_method",
    "omegaconf.OmegaConf.load",
    "omegaconf.OmegaConf.register_new_resolver",
    "torch.load",
    "torch.hub.load",
    "torch.jit.load",
    "torch.utils.benchmark.Timer",
    "torch.package.PackageExporter",
    "torch.utils.tensorboard.SummaryWriter",
    "torch.nn.functional.relu",
    "torch.nn.modules.module.torch.load",
    "torch.nn.utils.parametrize.register_parametrization",
    "torch.nn.parameter.Parameter",
    "torch.optim.optimizer.torch.load",
    "torch.optim.Adam.step",
    "torch.optim.swa_utils.get_ema_avg_fn",
    "pytorch_lightning.LightningModule.load_from_checkpoint",
    "pytorch_lightning.profilers.SimpleProfiler",
    "pytorch_lightning.loggers.csv_logs.os.system",
    "gan.models.dcgan.DCGAN.load_from_checkpoint",
    "gan.models.dcgan.nn.Module",
    "gan.training.os.system",
    "gan.training.json.loads",
    "gan.training.Trainer",
    "gan.training.train",
    "gan.checkpoint.reading.torch.load",
    "gan.checkpoint.trained.load",
    "gan.checkpoint.trained.TrainedGenerator",
    "gan.loggers.csv.MetricsCSVLogger.__init__",
    "gan.callbacks.samples.Path",
    "gan",
    "gan.",
    "eval",
    "",
    5,
    ["os.system"],
    "gan.models.dcgan.DCGAN\n",
    "gan.models..dcgan.DCGAN",
]
"""Targets that no file may name in a place of this package's parts."""

PLACES = [
    "model",
    "model.generator",
    "model.discriminator.norm",
    "model.optimizer.generator",
    "model.objective.adversarial",
    "model.objective.regularizers.new",
    "model.schedule",
    "model.augment",
    "data",
    "data.limit",
    "metric.features",
    "metric.measures.new",
    "callbacks.new",
    "callbacks.samples.num",
    "logger.new",
    "trainer.profiler",
    "trainer.strategy",
]
"""Keys at which some command builds a part."""

OUTPUTS = ["callbacks.samples.folder", "callbacks.neighbors.path", "callbacks.checkpoints.folder", "metric.cache"]
OUTPUTS += ["metric.features.cache", "run_dir", "trainer.default_root_dir", "logger.csv.folder", "ckpt", "name"]
"""Keys that say where a run writes."""

SPECIAL_KEYS = ["_args_", "_recursive_", "_convert_", "_mode_", "_partial_"]
"""Keys of Hydra's instantiate, beside ``_target_``."""


@dataclass(frozen=True)
class Canary:
    """Traces that a gadget leaves if anything of it happens.

    Attributes:
        file: File that it makes.
        variable: Environment variable that it reads.
        secret: Value of the variable.
    """

    file: Path
    variable: str = "CANARY"
    secret: str = "hunter2-canary"

    @classmethod
    def below(cls, folder: Path) -> "Canary":
        """Return the canary of a case's folder."""
        return cls(folder / "canary")


def settings(canary: Canary) -> dict[str, Any]:
    """Return arguments by which some gadgets write a file."""
    code = f"open('{canary.file}', 'w')"
    return {"stmt": code, "setup": code, "f": str(canary.file)}


def resolvers() -> list[str]:
    """List the names of all resolvers, those of Hydra included, and one that does not exist."""
    setup_globals()
    return [*BaseContainer._resolvers, "unknown"]


def resolver_text(resolver: str, argument: str, escapes: int, form: str = "{}") -> str:
    """Return text that calls a resolver when it is resolved for the ``escapes + 1``-th time."""
    return form.format("\\" * escapes + f"${{{resolver}:{argument}}}")


def arguments(canary: Canary) -> list[str]:
    """Return arguments of resolvers: the variable, and nodes that write the file in one way or another."""
    code = f"__import__('pathlib').Path('{canary.file}').touch()"
    return [
        canary.variable,
        f"{canary.variable},default",
        f"{{_target_: pathlib.Path.write_text, _args_: ['{canary.file}', x]}}",
        f'{{_target_: builtins.eval, _args_: ["{code}"]}}',
        f'{{_target_: sympy.sympify, _args_: ["{code}"]}}',
        f"${{oc.env:{canary.variable}}}",
        f"'\\${{oc.env:{canary.variable}}}'",
    ]


def keys(node: Any, key: str = "") -> Iterator[str]:
    """Yield every dotted key of a plain configuration, at any depth."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in items:
        inner = f"{key}.{name}" if key else str(name)
        yield inner
        yield from keys(value, inner)


# Mutations of a configuration -----------------------------------------------------------------------------------------


def add_resolver(config: Config, canary: Canary, random: Random) -> str:
    """Put text that calls a resolver at any key, or below one."""
    argument, form = random.choice(arguments(canary)), random.choice(["{}", "x {}", "{}x", "${{oc.create:{}}}"])
    text = resolver_text(random.choice(resolvers()), argument, random.randrange(4), form)
    key = random.choice(list(keys(config)))
    in_list = key.rpartition(".")[2].isdecimal() or isinstance(get_value(substitute(config), key), list)
    if not in_list:  # a list and its entries have no keys below them
        key += random.choice(["", "", "._args_", ".new", ".new.deep.list"])
    value: Any = random.choice([text, [text], {"x": [text]}, [{"_target_": "torch.nn.ReLU", "x": text}]])
    set_value(config, key, value)
    return f"{key}={value}"


def add_gadget(config: Config, canary: Canary, random: Random) -> str:
    """Put a node that names a target where a part is built, or anywhere."""
    key = random.choice(PLACES) if random.random() < 0.7 else random.choice(list(keys(config)))
    node: Config = {"_target_": random.choice(GADGETS)}
    if random.random() < 0.5:
        node |= settings(canary)
    for name in random.sample(SPECIAL_KEYS, random.randrange(3)):
        node[name] = random.choice([True, False, [str(canary.file)], ["x", {"y": 1}], "all", 5])
    set_value(config, key, random.choice([node, node, [node], {"new": node}]))
    return f"{key}={node}"


def add_special_key(config: Config, canary: Canary, random: Random) -> str:
    """Put a key of Hydra's instantiate beside those of a part."""
    place = random.choice([key for key in keys(config) if key.endswith("_target_")]).rpartition(".")[0]
    key = f"{place}.{random.choice(SPECIAL_KEYS)}".lstrip(".")
    text = resolver_text("oc.create", random.choice(arguments(canary)), random.randrange(1, 4))
    value: Any = random.choice([[text], [str(canary.file), "x"], text, True, {"x": text}])
    set_value(config, key, value)
    return f"{key}={value}"


def add_concatenation(config: Config, canary: Canary, random: Random) -> str:
    """Make text that resolves from parts that do not."""
    first, second = "$", f"{{oc.env:{canary.variable}}}"
    config |= {"first": first, "second": second, "third": "${first}${second}"}
    key = random.choice(["name", "data.limit", "model.latent_dim", "id", random.choice(PLACES)])
    value = random.choice(["${third}", "${first}${second}", "${${first}}", "${first}{oc.env:CANARY}"])
    set_value(config, key, value)
    return f"{key}={value}"


def add_output(config: Config, canary: Canary, random: Random) -> str:
    """Let a part write elsewhere."""
    key = random.choice(OUTPUTS)
    outside = canary.file.parent / "outside"
    value = random.choice([str(canary.file), str(outside), f"${{run_dir}}/../{outside.name}", f"../../{outside.name}"])
    set_value(config, key, value)
    return f"{key}={value}"


MUTATIONS: list[Callable[[Config, Canary, Random], str]] = [
    add_resolver,
    add_gadget,
    add_special_key,
    add_concatenation,
    add_output,
]
"""Functions that put a gadget into a configuration, and describe it."""
