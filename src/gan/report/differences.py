"""Differences between configurations, apart from seeds and identity."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["comparable_config", "differences", "labels"]

IDENTITY = ("ckpt", "id", "run_dir")
MISSING = object()


def comparable_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration without seeds, identity and empty groups.

    Other values that begin with one of the identity options refer to it instead, as in ``${run_dir}/samples``.
    """
    identity = {str(config[key]): f"${{{key}}}" for key in IDENTITY if config.get(key)}
    return {
        key: _without_identity(value, identity)
        for key, value in config.items()
        if key not in ("seed", *IDENTITY) and value != {}
    }


def labels(names: Sequence[str], configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Make names unique: those that occur more than once are followed by the options in which they differ."""
    result = list(names)
    for name in {name for name in names if names.count(name) > 1}:
        same_name = [index for index, other in enumerate(names) if other == name]
        options = differences([configs[index] for index in same_name])
        for number, index in enumerate(same_name):
            chosen = [f"{key}={values[number]}" for key, values in options.items() if values[number] is not None]
            result[index] = " ".join([name, *chosen])
    return result


def differences(configs: Sequence[Any]) -> dict[str, list[str | None]]:
    """Find the options in which configurations differ.

    Args:
        configs: Two or more configurations as plain values.

    Returns:
        Each configuration's value by dotted key, None if it has no such option. Keys that repeat another option, such
        as ``model.objective.critic_steps`` beside ``loss.critic_steps``, are left out.
    """
    options = _differences(configs, "")
    return {
        key: values for key, values in options.items() if not any(_repeats(key, other, options) for other in options)
    }


def _differences(values: Sequence[Any], key: str) -> dict[str, list[str | None]]:
    """Compare the values of one node, and of the nodes below it."""
    if _all_equal(values):
        return {}
    present = _present(values)
    if not all(isinstance(node, dict) for node in present):
        return {key: [_format(value) for value in values]}
    result: dict[str, list[str | None]] = {}
    classes_differ = not _all_equal([node.get("_target_") if node is not MISSING else None for node in values])
    if classes_differ:
        result[key] = [_format(value) for value in values]
    for name in dict.fromkeys(name for node in present for name in node if name != "_target_"):
        arguments = [node.get(name, MISSING) if node is not MISSING else MISSING for node in values]
        only_some_classes_take_it = MISSING in arguments and _all_equal(_present(arguments))
        if not (classes_differ and only_some_classes_take_it):
            result |= _differences(arguments, f"{key}.{name}" if key else str(name))
    return result


def _repeats(key: str, other: str, options: Mapping[str, list[str | None]]) -> bool:
    """Return whether an option repeats the values of another one that is less nested and has a similar name."""
    name, other_name = (k.rpartition(".")[2] for k in (key, other))
    return (
        options[key] == options[other]
        and key.count(".") > other.count(".")
        and (name.endswith(other_name) or other_name.endswith(name))
    )


def _all_equal(values: Sequence[Any]) -> bool:
    return all(value == values[0] for value in values[1:])


def _present(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not MISSING]


def _format(value: Any) -> str | None:
    if value is MISSING:
        return None
    if isinstance(value, dict):
        return str(value["_target_"]).rpartition(".")[2] if "_target_" in value else "{...}"
    if isinstance(value, float) and math.isclose(value, float(f"{value:.6g}")):
        return f"{value:.6g}"  # 3 * 1e-4 is 0.00030000000000000003
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _without_identity(value: Any, identity: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        nodes = {key: inner for key, inner in value.items() if key != "seed" and inner != {}}
        return {key: _without_identity(inner, identity) for key, inner in nodes.items()}
    if isinstance(value, list):
        return [_without_identity(inner, identity) for inner in value]
    if isinstance(value, str):
        for literal, reference in identity.items():
            if value == literal or value.startswith(f"{literal}/"):
                return reference + value.removeprefix(literal)
    return value
