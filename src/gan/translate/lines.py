"""Translation of the lines of a text file on the command line."""

import argparse
from pathlib import Path

from gan.checkpoint.trained import load
from gan.errors import UserError
from gan.runs.writing import write_text

__all__ = ["translate_text"]


def translate_text(args: argparse.Namespace) -> None:
    """Load a translator of sentences, translate a file line by line, and print the translations or write them.

    Raises:
        UserError: If the file cannot be read or written, a line does not fit, or the generator translates no sentences.
    """
    path: Path = args.text
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--text {path} cannot be read as UTF-8 text ({error})") from error
    if not lines:
        raise UserError(f"--text {path} has no lines")
    if args.batch_size < 1:
        raise UserError("--batch-size must be at least 1")
    generator = load(args.checkpoint, use_ema=not args.no_ema, device="cpu", trust=args.trust)
    translations = generator.translate_lines(lines, args.direction == "BtoA", args.batch_size)
    text = "".join(f"{line}\n" for line in translations)
    if args.out is None:
        print(text, end="")
        return
    try:
        write_text(args.out, text)
    except OSError as error:
        raise UserError(f"--out {args.out}: {error}") from error
    print(f"Wrote {len(translations)} lines to {args.out}")
