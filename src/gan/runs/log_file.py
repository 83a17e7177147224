"""Log file of a run."""

import logging
import os
import sys
from contextlib import suppress
from typing import Any

__all__ = ["LogFile"]


class LogFile(logging.FileHandler):
    """Log file that follows no link, and without which a run goes on.

    Logging prints a traceback for every message that cannot be written; this handler prints one line.
    """

    failed = False

    def _open(self) -> Any:
        return open(self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=_open_no_link)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message."""
        try:
            super().emit(record)  # raises if the file cannot be opened
        except OSError:
            self.handleError(record)

    def close(self) -> None:
        """Close the file; what it still holds in memory has been reported."""
        with suppress(OSError):
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Print why messages cannot be written, once; other errors are bugs, which logging shows."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self.failed:
            self.failed = True
            print(f"cannot write {self.baseFilename} ({error.strerror}); the run goes on", file=sys.stderr)


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)
