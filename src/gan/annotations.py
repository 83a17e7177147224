"""Checks of plain values against type annotations, with messages that name the option."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from gan.errors import OptionError, did_you_mean
from gan.formats import printable

__all__ = ["admits_container", "alternatives", "check_value", "example", "item_hint", "shown"]

LARGEST = {int: 2**63 - 1, float: 3.4e38}
"""Largest magnitudes that tensors hold, of int64 and float32."""

RANGES = {
    "greater_than_equal": "should be at least {ge}",
    "less_than_equal": "should be at most {le}",
    "greater_than": "should be above {gt}",
    "less_than": "should be below {lt}",
}
MESSAGES = {
    **RANGES,
    "int_parsing_size": f"should be at most {2**63 - 1}",
    "missing": "should have more items",
    "value_error": "{error}",
}
"""Messages by pydantic's kinds of error; other kinds keep pydantic's own."""

CONFIG = ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False)


def example(hint: Any) -> str:
    """Return a word for the values of an annotation: its ``Field(examples=...)``, or ``VALUE``."""
    fields = (part for part in getattr(hint, "__metadata__", ()) if isinstance(part, FieldInfo))
    return next((str(field.examples[0]) for field in fields if field.examples), "VALUE")


def check_value(value: Any, hint: Any, key: str) -> Any:
    """Check a value against an annotation, and return it as the annotation requires (1 becomes 1.0).

    Text that is a number is converted, since environment variables are text; a boolean is not a number.

    Args:
        value: Plain value.
        hint: Annotation of its place.
        key: Key of the option.

    Raises:
        OptionError: If the value does not fit.
    """
    try:
        converted = _adapter(hint).validate_python(value)
    except ValidationError as error:
        raise _explain(error, value, hint, key) from error
    _check_numbers(value, converted, key)
    return converted if isinstance(converted, int | float | tuple | list) else value


def alternatives(hint: Any) -> Iterator[Any]:
    """Yield the alternatives of an annotation; classes stay as they are."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        for option in get_args(hint):
            yield from alternatives(option)
    elif hint is not type(None):
        yield hint


def item_hint(hint: Any) -> Any:
    """Return the annotation of a container's items; Any if it has none."""
    containers = (
        option for option in alternatives(hint) if _is_container(option) and get_origin(option) and get_args(option)
    )
    items = [next(arg for arg in reversed(get_args(option)) if arg is not ...) for option in containers]
    return Union[tuple(items)] if items else Any  # noqa: UP007  # of a computed number of alternatives


def admits_container(hint: Any) -> bool:
    """Return whether a list or a dictionary may stand at an annotation's place."""
    return any(option in (Any, object) or _is_container(option) for option in alternatives(hint))


def _is_container(option: Any) -> bool:
    kind = get_origin(option) or option
    return isinstance(kind, type) and (kind is Iterable or issubclass(kind, Collection)) and kind not in (str, bytes)


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint, config=CONFIG)


def _explain(error: ValidationError, value: Any, hint: Any, key: str) -> OptionError:
    literals = [option for option in alternatives(hint) if get_origin(option) is Literal]
    choices = list(dict.fromkeys(str(choice) for literal in literals for choice in get_args(literal)))
    if choices:
        choices += ["true", "false"] if bool in alternatives(hint) else []
        known = f"{', '.join(choices)}{did_you_mean(str(value), choices)}"
        return OptionError(key, f"={shown(value)} is not one of {known}")
    first = error.errors()[0]
    for place in first["loc"]:  # of an item in a container; other names are pydantic's own
        if isinstance(value, list | tuple) and isinstance(place, int) and place < len(value):
            key, value = f"{key}[{place}]", value[place]
        elif isinstance(value, Mapping) and place in value:
            key, value = f"{key}.{place}", value[place]
    if isinstance(value, bool) and first["type"] in RANGES:
        return OptionError(key, f"={shown(value)} should be a number")
    message = MESSAGES.get(first["type"], first["msg"].partition(",")[0].replace("Input should", "should"))
    context = {name: str(bound).removesuffix(".0") for name, bound in first.get("ctx", {}).items()}
    return OptionError(key, f"={shown(value)} {message.format_map(context)}")


def _check_numbers(value: Any, converted: Any, key: str) -> None:
    """Refuse booleans that pydantic takes for numbers, and numbers that no tensor holds."""
    if isinstance(value, list | tuple) and isinstance(converted, list | tuple):
        for index, pair in enumerate(zip(value, converted, strict=False)):
            _check_numbers(*pair, f"{key}[{index}]")
    elif isinstance(value, Mapping) and isinstance(converted, Mapping):
        for name in value.keys() & converted.keys():
            _check_numbers(value[name], converted[name], f"{key}.{name}")
    elif isinstance(value, bool) and not isinstance(converted, bool):
        raise OptionError(key, f"={shown(value)} should be a number")
    elif type(converted) in LARGEST and not abs(converted) <= LARGEST[type(converted)]:
        raise OptionError(key, f"={shown(value)} should be a finite number within {LARGEST[type(converted)]}")


def shown(value: Any) -> str:
    """Format a value as on the command line, cut to a part of a line."""
    return printable(value if isinstance(value, str) else json.dumps(value, default=str), limit=80)
