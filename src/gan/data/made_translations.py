"""A made language: sentences of the small grammar with other words in another order, which have one translation."""

from gan.data.grammar import ADJECTIVES, COLOURS, INTRANSITIVE, TRANSITIVE

__all__ = ["renamed", "translated"]

VERBS = {verb + ending for verb in (*INTRANSITIVE, *TRANSITIVE) for ending in ("", "s", "es")}
MARK = "."


def renamed(word: str) -> str:
    """Return a word's name in the made language: its letters in reverse and an "o"; marks stay as they are."""
    return word if word == MARK else f"{word[::-1]}o"


def translated(sentence: str) -> str:
    """Translate a sentence of the grammar.

    Adjectives and colours follow their nouns, and the verb is the last word.
    """
    words = sentence.split()
    for place in reversed(range(len(words) - 1)):
        if words[place] in (*ADJECTIVES, *COLOURS):
            words[place : place + 2] = [words[place + 1], words[place]]
    verbs = [word for word in words if word in VERBS]
    others = [word for word in words if word not in VERBS and word != MARK]
    return " ".join(renamed(word) for word in [*others, *verbs, MARK])
