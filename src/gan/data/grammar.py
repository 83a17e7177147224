"""Sentences of a small grammar: text that every machine can make."""

from random import Random

__all__ = ["sentences"]

ADJECTIVES = ("big", "old", "quiet", "small", "tall", "young")
SINGULAR = ("bird", "boy", "cat", "dog", "girl", "horse", "man", "woman")
PLURAL = ("birds", "boys", "cats", "dogs", "girls", "horses", "men", "women")
OBJECTS = ("ball", "bike", "boat", "hat", "kite", "letter")
COLOURS = ("blue", "green", "red", "white")
PLACES = ("in the park", "near the river", "on a bench", "under a tree", "behind the house", "at the station")
INTRANSITIVE = ("sing", "sleep", "wait", "walk")
TRANSITIVE = ("find", "follow", "hold", "paint", "watch")


def sentences(num: int, seed: int = 0) -> list[str]:
    """Return different sentences, such as "two old men near the river paint a red boat".

    The verb agrees with its subject, across the words between them.

    Args:
        num: Number of sentences, of several hundred thousand.
        seed: Seed of the choice.
    """
    random, found = Random(seed), dict[str, None]()
    while len(found) < num:
        found[_sentence(random)] = None
    return list(found)


def _sentence(random: Random) -> str:
    plural = random.random() < 0.5
    adjective = [random.choice(ADJECTIVES)] if random.random() < 0.5 else []
    place = [random.choice(PLACES)] if random.random() < 0.5 else []
    subject = [random.choice(("two", "some") if plural else ("a", "the"))]
    subject = [*subject, *adjective, random.choice(PLURAL if plural else SINGULAR), *place]
    ending = "" if plural else "s"
    if random.random() < 0.4:
        verb = random.choice(INTRANSITIVE)
        return " ".join([*subject, verb + ending, "."])
    verb = random.choice(TRANSITIVE)
    verb += "es" if ending and verb.endswith("ch") else ending
    colour = [random.choice(COLOURS)] if random.random() < 0.5 else []
    return " ".join([*subject, verb, random.choice(("a", "the")), *colour, random.choice(OBJECTS), "."])
