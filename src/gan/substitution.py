"""Key references, ``${loss.critic_norm}``: the only interpolations in files, which are resolved without OmegaConf."""

import re
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from gan.errors import UserError

__all__ = ["get_value", "keep_references", "origin", "set_value", "substitute"]

REFERENCE = re.compile(r"\$\{([A-Za-z_][\w-]*(?:\.[\w-]+|\[\w+\])*)\}")
MAX_REFERENCES = 100  # from key to key
MAX_VALUES = 100_000  # a run's configuration has a few hundred; references to references can multiply them


def keep_references(config: DictConfig) -> dict[str, Any]:
    """Convert a user's configuration to plain values, in which only references to keys are left to substitute.

    Resolvers such as ``${oc.env:HOME}`` are resolved here, so that files contain none.

    Raises:
        UserError: If a value contains ``${`` as text.
    """
    kept = _keep_references(config, "")
    assert isinstance(kept, dict)
    return kept


def substitute(config: Mapping[str, Any]) -> dict[str, Any]:
    """Replace each reference in plain values by the value of its key; text is never resolved a second time.

    Raises:
        UserError: If a key does not exist or refers to itself, or anything but references to keys is left.
    """
    return _Substitution(config).resolve_all()


def get_value(config: Mapping[str, Any], key: str, default: Any = None) -> Any:
    """Return the value of a dotted key, followed through references; the value itself may be a reference."""
    parent, name = _find_parent(config, key, create=False)
    try:
        return parent[int(name) if isinstance(parent, list) else name]
    except (KeyError, IndexError, TypeError, ValueError):
        return default


def set_value(config: dict[str, Any], key: str, value: Any) -> None:
    """Set the value of a dotted key, followed through references; missing nodes are created."""
    parent, name = _find_parent(config, key, create=True)
    parent[int(name) if isinstance(parent, list) else name] = value


def origin(config: Mapping[str, Any], key: str) -> str:
    """Return the key that the value of a dotted key is taken from, followed through references.

    Args:
        config: Plain values with references.
        key: Dotted key, with list items as ``key[0]``.
    """
    found, node = "", config
    for part in re.findall(r"\[\d+\]|[^.\[\]]+", key):
        found = f"{found}{part}" if part.startswith("[") else f"{found}.{part}".lstrip(".")
        node = get_value(config, found)
        for _ in range(MAX_REFERENCES):
            reference = REFERENCE.fullmatch(node) if isinstance(node, str) else None
            if reference is None:
                break
            found = reference[1]
            node = get_value(config, found)
    return found


def _keep_references(node: Any, key: str) -> Any:
    raw: Any = OmegaConf.to_container(node, resolve=False)
    if isinstance(raw, list):
        return [_keep_value(node, index, value, f"{key}[{index}]") for index, value in enumerate(raw)]
    return {str(name): _keep_value(node, name, value, f"{key}.{name}") for name, value in (raw or {}).items()}


def _keep_value(node: DictConfig | ListConfig, name: Any, raw: Any, key: str) -> Any:
    if isinstance(raw, dict | list):
        return _keep_references(node[name], key)
    if not isinstance(raw, str) or "${" not in raw or _only_references(raw):
        return raw
    value = node[name]
    resolved = OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
    if "${" in repr(resolved):
        raise UserError(f"{key.lstrip('.')}: '${{' cannot be part of a text, since checkpoints with it are refused")
    return resolved


def _only_references(text: str) -> bool:
    return "\\${" not in text and "${" not in REFERENCE.sub("", text)


def _split(key: str) -> list[str]:
    return re.findall(r"[^.\[\]]+", key)


def _find_parent(config: Mapping[str, Any], key: str, create: bool) -> tuple[Any, str]:
    """Return the node that has a key, and the last part of the key."""
    *parents, name = _split(key)
    node: Any = config
    for parent in parents:
        if isinstance(node, list):
            node = node[int(parent)] if parent.isdecimal() and int(parent) < len(node) else None
            continue
        inner = node.get(parent) if isinstance(node, Mapping) else None
        followed = REFERENCE.fullmatch(inner) if isinstance(inner, str) else None
        if followed and followed[1] != key:
            inner = get_value(config, followed[1])
        if create and not isinstance(inner, dict | list):
            inner = node[parent] = {}
        node = inner
    return node, name


class _Substitution:
    """Substitution of all references in a configuration.

    Args:
        root: Plain values.
    """

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root, self.count = root, 0

    def resolve_all(self) -> dict[str, Any]:
        """Return the configuration without references."""
        return {str(name): self.resolve(value, str(name), ()) for name, value in self.root.items()}

    def resolve(self, value: Any, key: str, followed: tuple[str, ...]) -> Any:
        """Return a value without references; ``followed`` are the references on the way to it."""
        self.count += 1
        if self.count > MAX_VALUES or len(key) > 500:
            raise UserError(f"{key[:80]}: the configuration refers to itself, or is too large")
        if isinstance(value, Mapping):
            return {str(name): self.resolve(inner, f"{key}.{name}", followed) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner, f"{key}[{index}]", followed) for index, inner in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        if not _only_references(value):
            raise UserError(f"{key}: {value[:80]!r} is more than a reference to a key: refused")
        if whole := REFERENCE.fullmatch(value):
            return self.look_up(whole[1], key, followed)
        text = REFERENCE.sub(lambda match: str(self.look_up(match[1], key, followed)), value)
        if "${" in text:
            raise UserError(f"{key}: {text[:80]!r} is more than a reference to a key: refused")
        return text

    def look_up(self, reference: str, key: str, followed: tuple[str, ...]) -> Any:
        """Return the value of the key that ``key`` refers to."""
        if reference in followed:
            raise UserError(f"{key}: the reference to {reference} refers to itself")
        node: Any = self.root
        for part in _split(reference):
            if isinstance(node, str) and "${" in node:
                node = self.resolve(node, key, (*followed, reference))
            if isinstance(node, Mapping) and part in node:
                node = node[part]
            elif isinstance(node, list) and part.isdecimal() and int(part) < len(node):
                node = node[int(part)]
            else:
                raise UserError(
                    f"{key}: the choices of model, loss and data do not fit: key '{reference}' not found "
                    "(the files in conf/data name models)"
                )
        return self.resolve(node, key, (*followed, reference))
