"""``python -m gan.demo CKPT``: local web page to try a generator from noise or of translations, or to compare two."""

import argparse
import os
import signal
from contextlib import suppress
from tempfile import TemporaryDirectory

from gan import cli
from gan.checkpoint.trained import load
from gan.data.base import as_images
from gan.demo.port import PORTS, listen
from gan.demo.summary import check_comparable
from gan.extras import import_extra

__all__ = ["main"]


def main() -> None:
    """Parse the command line and serve the page."""
    parser = argparse.ArgumentParser(prog="python -m gan.demo", description="Try a trained generator on a local page.")
    cli.add_checkpoint(parser)
    parser.add_argument(
        "other", nargs="?", help="second checkpoint, to compare with the first for the same noise or image"
    )
    parser.add_argument("--port", type=int, help=f"(default: the first free one from {PORTS.start} on)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page in a browser")
    args = parser.parse_args()
    with suppress(KeyboardInterrupt), listen(args.port) as listener:
        generators = [load(path, trust=args.trust) for path in (args.checkpoint, args.other) if path is not None]
        for generator in generators:
            as_images(generator.data, "the demo")
        if len(generators) > 1:
            check_comparable(*generators)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # SIGTERM ends the demo as Ctrl-C does
        with TemporaryDirectory(prefix="gan-demo-") as folder:  # for Gradio's temporary files
            os.environ.update(GRADIO_ANALYTICS_ENABLED="False", GRADIO_TEMP_DIR=folder)
            import_extra("gradio", "demo", "the demo")
            from gan.demo.server import serve

            serve(generators, listener, not args.no_browser)


if __name__ == "__main__":
    cli.run(main)
