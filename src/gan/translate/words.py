"""Translation of words on the command line."""

import argparse

from gan.checkpoint.trained import load

__all__ = ["print_translations"]


def print_translations(args: argparse.Namespace) -> None:
    """Load a map of word vectors, and print each word with its likeliest translations and their scores.

    Raises:
        UserError: If the generator maps no word vectors, or a word has none.
    """
    generator = load(args.checkpoint, use_ema=not args.no_ema, device="cpu", trust=args.trust)
    settings = {"back": args.direction == "BtoA", "refinements": args.refinements}
    for translation in generator.translate_words(args.words, args.num, **settings):
        print(translation)
