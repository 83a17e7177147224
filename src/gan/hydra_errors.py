"""One-line messages for errors of Hydra and OmegaConf, which are errors of a command line or of a file in conf/."""

import re
import sys

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException

from gan.config import CONF, default_options
from gan.errors import did_you_mean
from gan.extras import missing_extra
from gan.foreign_options import what_to_use
from gan.formats import printable
from gan.help import choices, split_choice
from gan.overrides import option
from gan.shell import command_line

__all__ = ["explain_hydra_error"]

EXTRAS = {  # configuration of a plugin: the choice that needs it, and the extra that installs it
    "hydra/launcher/submitit_slurm": ("hydra/launcher=slurm", "slurm"),
    "hydra/sweeper/optuna": ("hydra/sweeper=optuna", "optuna"),
}
UNKNOWN = (
    r"Could not (?:override|append to) '?([^'\s]+?)'?\.?",
    r"Could not delete from config. '(.*)' does not.*",
)
"""Hydra's messages for an option that does not exist."""


def explain_hydra_error(error: Exception, config_name: str | None) -> str | None:
    """Return a one-line message for an error of Hydra's; None for any other.

    Args:
        error: The error.
        config_name: Primary configuration in ``conf/``; its options are suggested for a misspelt one.
    """
    if isinstance(error, MissingConfigException):
        for plugin, (choice, extra) in EXTRAS.items():
            if f"'{plugin}'" in str(error):
                return missing_extra(extra, choice)
        if error.options:
            match = re.search(r"Could not find '(.*)'", str(error))
            group, name = split_choice(CONF, match[1]) if match else ("", "")
            known = sorted({*error.options, *(choices(CONF, group) if group else ())})
            return f"{group}={name}: there are {', '.join(known)}{did_you_mean(name, known)}"
    if isinstance(error, OverrideParseException):
        return f"{printable(error.override)} is no option: write KEY=VALUE, as in seed=1"
    if isinstance(error, HydraException | OmegaConfBaseException):
        first = str(error).splitlines()[0].strip()
        cause = str(error.__cause__).splitlines()[0].strip() if error.__cause__ else ""
        return _explain(first, config_name) or printable(f"{first} {cause}".strip())
    return None


def _explain(message: str, config_name: str | None) -> str | None:
    """Return a better message than some of Hydra's."""
    if match := re.fullmatch(r"Ambiguous value for argument '(.*)'", message):
        return _ambiguous(match[1])
    if match := re.match(r"Could not append to config. An item is already at '(.*)'", message):
        return f"there is an option '{match[1]}': leave the + out"
    for pattern in UNKNOWN if config_name is not None else ():
        if match := re.fullmatch(pattern, message):
            key = match[1].lstrip("+")
            hint = did_you_mean(key, default_options(str(config_name), sys.argv[1:]))
            return what_to_use(key) or f"there is no option '{printable(key)}'{hint}"
    return None


def _ambiguous(argument: str) -> str:
    key = OverridesParser.create().parse_override(argument).get_key_element()
    value = argument.partition("=")[2]
    as_list = command_line([f"{key}=[{value}]"])
    return (
        f"{printable(argument)} is several values: add -m for a run with each, or write {as_list} for a list, "
        f"or {option(key, value)} for a text"
    )
