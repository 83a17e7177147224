"""Optional packages, which the project's extras install."""

from importlib import import_module
from types import ModuleType

from gan.errors import UserError

__all__ = ["import_extra", "install_command", "missing_extra"]


def install_command(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install -e '.[{extra}]'"


def missing_extra(extra: str, user: str) -> str:
    """Return the message that packages of an extra are missing.

    Args:
        extra: Name of the extra.
        user: Name of what needs it.
    """
    return f"{user} needs packages: {install_command(extra)}"


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
        raise UserError(missing_extra(extra, user)) from error
