"""Values in Hydra's grammar of overrides: quoting them."""

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

__all__ = ["override", "quote_value"]


def override(key: str, value: object) -> str:
    """Return the override that sets a key to a text, such as a path, quoted for Hydra but not for a shell."""
    return f"{key}={quote_value(str(value))}"


def quote_value(text: str) -> str:
    """Return the value that Hydra's parser reads as a text: the text itself, or in quotes where it needs them."""
    try:
        read = OverridesParser.create().parse_rule(text, "value")
    except HydraException:
        read = None
    is_same = isinstance(read, str) and read == text  # numbers, lists, sweeps and quoted text are read as others
    return text if is_same else QuotedString(text, Quote.double).with_quotes()
