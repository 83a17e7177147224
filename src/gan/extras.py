"""Optional packages, which the project's extras install."""

from importlib import import_module
from types import ModuleType

from gan.errors import UserError

__all__ = ["import_extra"]


def import_extra(name: str, extra: str, user: str) -> ModuleType:
    """Import a package of an extra.

    Args:
        name: Name of the module.
        extra: Name of the extra that installs it.
        user: Name of what needs it, for the message.

    Raises:
        UserError: If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise UserError(f"{user} needs packages: pip install -e '.[{extra}]'") from error
