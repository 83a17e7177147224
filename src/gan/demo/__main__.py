"""``python -m gan.demo CKPT``: a local page to look at samples, to morph them, and to compare two generators."""

import argparse
import os
import signal
import socket
from contextlib import suppress
from tempfile import TemporaryDirectory

import gan
from gan import cli
from gan.demo.about import check_comparable
from gan.demo.views import Explorer
from gan.errors import UserError

__all__ = ["main"]

HOST = "127.0.0.1"
PORTS = range(7860, 7960)


def main() -> None:
    """Open the page that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m gan.demo", description="Try a trained generator on a local page.")
    parser.add_argument("checkpoint", help="a checkpoint, or a run's folder, which stands for its best")
    parser.add_argument("other", nargs="?", help="another one, to be compared with the first for the same noise")
    parser.add_argument("--port", type=int, help=f"(default: the first that is free from {PORTS.start} on)")
    parser.add_argument("--no-browser", action="store_true", help="leave it to you to open the page")
    args = parser.parse_args()
    with suppress(KeyboardInterrupt), listen(args.port) as listener:
        generators = [gan.load(path) for path in (args.checkpoint, args.other) if path is not None]
        if len(generators) > 1:
            check_comparable(*generators)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # both end it alike
        with TemporaryDirectory(prefix="gan-demo-") as folder:  # what Gradio leaves is gone with the page
            os.environ.update(GRADIO_ANALYTICS_ENABLED="False", GRADIO_TEMP_DIR=folder)
            try:
                from gan.demo.server import serve
            except ModuleNotFoundError as error:
                if error.name != "gradio":
                    raise
                raise UserError("the demo needs a package: pip install -e '.[demo]'") from error
            serve([Explorer(generator) for generator in generators], listener, not args.no_browser)


def listen(port: int | None) -> socket.socket:
    """Take a port of this machine's own; None for the first that is free.

    Raises:
        UserError: If it cannot be had.
    """
    if port is not None and not 1 <= port <= 65535:
        raise UserError(f"--port {port}: ports are 1 to 65535")
    for tried in PORTS if port is None else [port]:
        try:
            return socket.create_server((HOST, tried))
        except OSError as error:
            if port is not None:
                raise UserError(
                    f"--port {port}: {os.strerror(error.errno or 0)}; choose another, or leave --port out"
                ) from error
    raise UserError(f"no port from {PORTS.start} to {PORTS[-1]} is free: choose one with --port")


if __name__ == "__main__":
    cli.run(main)
