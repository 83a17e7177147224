"""Error handling of commands: user errors end in one line and exit status 2, bugs in a traceback."""

import argparse
import functools
import io
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from gan.errors import UserError, one_line
from gan.runs.writing import is_storage_fault

__all__ = ["add_checkpoint", "add_trust", "explain", "run", "task", "up_to"]

log = logging.getLogger(__name__)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add the argument ``checkpoint``, and ``--trust``, to the command line of a command that reads a checkpoint."""
    parser.add_argument("checkpoint", help="a checkpoint, an export, or a run's folder for its best checkpoint")
    add_trust(parser)


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--trust``, which can be given several times."""
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="let the checkpoint name classes of this package; it will be imported",
    )


def up_to(highest: float, kind: type[int] | type[float] = int) -> Callable[[str], int | float]:
    """Return an argument type of argparse: a number that is at most ``highest``."""

    def number(text: str) -> int | float:
        value = kind(text)
        if not value <= highest:  # nor NaN
            raise argparse.ArgumentTypeError(f"{text} should be at most {highest:,}")
        return value

    return number


def run(main: Callable[[], Any], config_name: str | None = None) -> None:
    """Run an entry point. With ``HYDRA_FULL_ERROR=1`` every error is a traceback.

    Args:
        main: A function without arguments, such as one decorated by ``hydra.main``.
        config_name: Primary configuration in ``conf/``; its options are suggested for a misspelt one.
    """
    _replace_unprintable()
    traceback = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra then raises errors instead of printing them
    try:
        main()
    except Exception as error:  # of any kind: explain tells user errors from bugs, which are raised again
        message = explain(error, config_name)
        if message is None or traceback:
            raise
        _fail(message)
    except KeyboardInterrupt:  # before training, which handles it
        if traceback:
            raise
        print("Interrupted", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    finally:
        os.environ["HYDRA_FULL_ERROR"] = str(int(traceback))


def task(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Decorate the function given to ``hydra.main`` so that a user error ends it without Hydra's own message."""

    @functools.wraps(function)
    def wrapped(config: Any) -> Any:
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        from gan.multirun import note_failure

        try:
            return function(config)
        except Exception as error:  # of any kind: a sweep goes on after bugs too, and logs their tracebacks
            is_bug = not isinstance(error, UserError)
            if HydraConfig.get().mode is RunMode.MULTIRUN:  # the sweep's other jobs must run
                log.error("Job %s failed: %s", HydraConfig.get().job.num, one_line(error), exc_info=is_bug)
                note_failure(Path(HydraConfig.get().runtime.output_dir), one_line(error))
                raise
            if is_bug:
                raise
            _fail(one_line(error))

    return wrapped


def _replace_unprintable() -> None:
    """Print "?" for characters that the console's encoding lacks, such as Greek ones in Windows' cp1252."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _fail(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def explain(error: Exception, config_name: str | None) -> str | None:
    """Return a one-line message for a user error; None for a bug."""
    if isinstance(error, UserError):
        return one_line(error)
    if is_storage_fault(error):
        return _storage_fault(error, config_name)

    from gan.hydra_errors import explain_hydra_error

    return explain_hydra_error(error, config_name)


def _storage_fault(error: OSError, config_name: str | None) -> str:
    """Return a message for an error of the disk or a permission; a folder for a new run can be another."""
    if not error.filename:
        return str(error.strerror)
    new = config_name is not None and not os.path.lexists(error.filename)
    hint = "; set hydra.run.dir to a folder that can be written to" if new else ""
    return f"{os.fsdecode(error.filename)}: {error.strerror}{hint}"
