"""Values of options, drawn from every choice of conf/: each is refused in one line that names its key, or works.

A case is one key of one composed configuration, and a value. It goes through the checks of train.py in this process,
and what they accept is built.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from math import inf, nan
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from omegaconf import OmegaConf

from gan import api
from gan.config import CONF
from gan.errors import UserError, one_line
from gan.help import choices, groups, head_comment
from gan.instantiate import build, check_options, naming_origins
from gan.memory import build_within_memory
from gan.null_choice import replace_null
from gan.options import OPTIONS
from gan.resolve import find_values
from gan.substitution import keep_references, substitute
from tests.conftest import ROOT
from tests.faults.outcome import Outcome, run_cases

__all__ = ["Mutation", "draw", "run", "wrong_with"]

IN_SENTENCES = ["data.num_classes=1", "data.vocabulary='a b'", "data.vocabulary_size=3", "data.length=2"]
IN_SENTENCES += ["data.attribute_sizes=[]"]
COMPLETED = {
    "data=huggingface": ["data.num_classes=1"],  # no files are read, since there are none
    "data=huggingface_captions": IN_SENTENCES,
    "data=huggingface_pairs": ["data.source=sketch", "data.target=photo"],
    "data=webdataset": ["data.num_classes=1"],
    "data=webdataset_captions": IN_SENTENCES,
    "data=webdataset_pairs": ["data.source=a.png", "data.target=b.png"],
    "metric/features=custom": ["metric.features._target_=gan.features.inception.Inception"],
}
"""What a choice needs beside the defaults, and the command in its file does not say."""
NO_NUMBERS: tuple[Any, ...] = (True, False, "64x", "abc", "", nan, inf, [], [1], {}, {"a": 1}, 10**30)
"""Values that no number is given as."""
NUMBERS: tuple[Any, ...] = (0, -1, 0.5, -0.5, 1e-12, 10**12, -(10**12), 1e12, "8", None)
NO_FLAGS: tuple[Any, ...] = ("abc", 3, 0.5, [], {"a": 1}, nan)
NO_PARTS: tuple[Any, ...] = (None, True, False, 3, "abc", [], [1], {}, {"a": 1})
DEVICES = "trainer.devices"  # a number, or a list of them
ENOUGH = 800  # characters of a message
LIMIT = 10.0  # seconds until the answer


class Mutation(NamedTuple):
    """One option with another value.

    Attributes:
        choice: The choice that composes the configuration, such as ``model=dcgan``.
        key: Dotted key of the option.
        value: Its value; None is null.
        nonsense: Whether no run could use the value.
    """

    choice: str
    key: str
    value: Any
    nonsense: bool

    @property
    def override(self) -> str:
        """The same on the command line."""
        return f"{self.key}={_on_command_line(self.value)}"


def run(seed: int, cases: Sequence[int], folder: Path) -> Outcome:
    """Check and build one mutation per case."""
    return run_cases("options", seed, cases, folder, lambda random, *_: _describe(draw(random)), LIMIT)


def draw(random: Random, among: Sequence[str] = ()) -> Mutation:
    """Draw a choice, a key of what it composes, and a value for it.

    Args:
        random: Random numbers.
        among: Choices to draw from; empty for all of conf/.
    """
    choice = random.choice(among or all_choices())
    config = composed(choice)
    if random.random() < 0.1:
        group = random.choice(groups(CONF))
        return Mutation(choice, group, random.choice([None, True, 3, 1.5, [], {}, {"a": 1}]), nonsense=False)
    key, value = random.choice(list(options(config)))
    if isinstance(value, bool):
        return Mutation(choice, key, random.choice(NO_FLAGS), nonsense=True)
    if isinstance(value, int | float):
        wrong = random.random() < 0.5
        drawn = random.choice(NO_NUMBERS if wrong else NUMBERS)
        return Mutation(choice, key, drawn, nonsense=wrong and not (key == DEVICES and isinstance(drawn, list)))
    return Mutation(choice, key, random.choice(NO_PARTS), nonsense=False)


def wrong_with(mutation: Mutation, building: bool) -> str | None:
    """Return what is wrong with the answer to a mutation, or None.

    Args:
        mutation: The mutation.
        building: Whether to build what the checks accept.
    """
    try:
        check(mutation, building)
    except UserError as error:
        message = one_line(error)
        key = mutation.key.rpartition(".")[0] if mutation.value is None else mutation.key  # an absent one has no name
        if not is_named(key, str(error)) or "\n" in str(error) or len(message) > ENOUGH:
            return f"the line does not name the key: {message}"
        return None
    return "accepted" if mutation.nonsense else None


def is_named(key: str, message: str) -> bool:
    """Return whether a message names a key, or its last part and value where another option is blamed for both."""
    return key in message or re.search(rf"\b{re.escape(key.rpartition('.')[2])}=", message) is not None


def check(mutation: Mutation, building: bool) -> None:
    """Check a mutation as train.py does before anything is built, and build model, data and callbacks.

    Raises:
        UserError: If it is refused.
    """
    if mutation.key in groups(CONF):
        replaced = replace_null([mutation.override], CONF)
        if building:
            api.compose(mutation.choice, *completion(mutation.choice), *replaced)
        return
    config = deepcopy(composed(mutation.choice))
    _set(config, mutation.key, mutation.value)
    config = check_options(config, OPTIONS)
    if building:
        nodes: Any = OmegaConf.create(substitute(config))
        with naming_origins(config):
            build(nodes.data)
            build_within_memory(lambda: build(nodes.model))
            for node in (nodes.callbacks or {}).values():
                if node is not None:
                    build(node)


def completion(choice: str) -> list[str]:
    """Return what a choice needs beside the defaults: for a part of a recipe, the recipe; for data or a loss, a model.

    The model is that of the command in the choice's file.
    """
    group, _, name = choice.partition("=")
    recipe = group.removeprefix("experiment/")
    if recipe != group:
        return [f"experiment={recipe}"]
    named = re.search(r"model=\w+", head_comment(CONF / group / f"{name}.yaml")) if group in ("data", "loss") else None
    return COMPLETED.get(choice, []) + ([named.group()] if named is not None else [])


@cache
def all_choices() -> list[str]:
    """List the choices of conf/."""
    chosen = [group for group in groups(CONF) if not group.startswith("hydra")]
    return [f"{group}={choice}" for group in chosen for choice in choices(CONF, group)]


@cache
def composed(choice: str) -> dict[str, Any]:
    """Compose a choice, with what is found in its data, in plain values with references to keys."""
    config = api.compose(choice, *completion(choice))
    if OmegaConf.is_missing(config.data, "path"):
        config.data.path = str(ROOT / "docs" / "pictures")
    return find_values(keep_references(config))


def options(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of all options, leaves and what holds them."""
    for name, value in node.items():
        key = f"{prefix}{name}"
        if not str(name).startswith("_"):
            yield key, value
        if isinstance(value, Mapping):
            yield from options(value, f"{key}.")


def _set(config: dict[str, Any], key: str, value: Any) -> None:
    *parents, name = key.split(".")
    for parent in parents:
        config = config[parent]
    config[name] = value


def _on_command_line(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_on_command_line(item)}" for name, item in value.items()) + "}"
    if isinstance(value, str):
        return value or '""'
    return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")


def _describe(mutation: Mutation) -> str | None:
    wrong = wrong_with(mutation, building=True)
    return wrong and f"{mutation.choice} {mutation.override}: {wrong}"
