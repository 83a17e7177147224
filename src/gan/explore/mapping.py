"""Maps of word vectors by several runs, beside maps that need no GAN and one that needs a dictionary."""

import math
from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter

import torch
from torch import Tensor

from gan.checkpoint.trained import TrainedGenerator, load
from gan.data.vectors import WordVectorModule, as_word_vectors
from gan.errors import UserError
from gan.metrics.word_translation import precisions
from gan.models.muse import linear_map_of
from gan.nn.csls import mean_csls_cosine
from gan.nn.procrustes import procrustes, random_rotation, refine, similarity_start

__all__ = ["mapping", "mapping_rows"]

COLUMNS = ("p1", "p5", "p10", "csls", "seconds")


def mapping(
    generator: TrainedGenerator, others: Sequence[str], refinements: int, words: int, rotations: int, seed: int
) -> None:
    """Print the precision of maps before and after refinement, and the run that the criterion without labels chooses.

    Args:
        generator: The first run, with the data for all.
        others: Paths of further runs on the same data.
        refinements: Number of refinements of each map.
        words: Number of commonest words that refinement uses.
        rotations: Number of random rotations to refine.
        seed: Seed of the rotations.

    Raises:
        UserError: If a run maps no word vectors, or its data are others or have no dictionary.
    """
    data = as_word_vectors(generator.data, "this view")
    runs = {str(generator.path): linear_map_of(generator.model, generator.use_ema)}
    for path in others:
        other = load(path, device="cpu", trust=generator.trust)
        own = as_word_vectors(other.data, "this view")
        if other.data.fingerprint("train") != data.fingerprint("train") or own.target.words != data.target.words:
            raise UserError(f"{path} was trained on other word vectors than {generator.path}")
        runs[path] = linear_map_of(other.model, other.use_ema)
    if data.dictionary is None:
        raise UserError(
            "this view needs a dictionary, and the run's data have none: set data.dictionary_path in training"
        )
    source, target = (len(language.words) for language in data.languages)
    print(f"{source:,} and {target:,} words; {len(data.dictionary):,} of the dictionary are scored")
    print("  ".join([f"{'map':<44}", *(f"{name:>7}" for name in COLUMNS)]))
    best, rows = ("", -math.inf), dict[str, dict[str, float]]()
    for name, row in mapping_rows(data, runs, refinements, words, rotations, seed):
        rows[name] = row
        numbers = (f"{row[column]:7.3f}" if column in row else 7 * " " for column in COLUMNS)
        print("  ".join([f"{name:<44}", *numbers]).rstrip(), flush=True)
        if name.removesuffix(", refined") in runs and name not in runs and row["csls"] > best[1]:
            best = (name, row["csls"])
    print(f"Chosen without labels, by csls: {best[0]}{_doubt(rows, best[0], len(data.dictionary))}")


def _doubt(rows: Mapping[str, Mapping[str, float]], chosen: str, words: int) -> str:
    """Return what is to be added of a chosen map that the dictionary shows to be a wrong one; empty if it does not.

    Args:
        rows: Scores by name.
        chosen: Name of the map.
        words: Number of words that are scored, of which chance finds some more or fewer: two deviations are allowed.
    """
    expected = rows["chance"]["p1"]
    floors = {"chance": expected + 2 * math.sqrt(expected * (1 - expected) / words)}
    floors["identical spelling"] = rows["identical spelling"]["p1"]
    beaten_by = [name for name, floor in floors.items() if rows[chosen]["p1"] <= floor]
    if not beaten_by:
        return ""
    return (
        f"; but its p1, {rows[chosen]['p1']:.3f}, is no better than {' and '.join(beaten_by)}: no run has learned to "
        "translate, or none that csls finds"
    )


def mapping_rows(
    data: WordVectorModule, runs: dict[str, Tensor], refinements: int, words: int, rotations: int = 1, seed: int = 0
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the scores of maps by name: of runs and of controls, before and after refinement, and of supervision.

    Args:
        data: Word vectors, with a dictionary.
        runs: Maps of runs, by name.
        refinements: Number of refinements of each map.
        words: Number of commonest words that refinement uses.
        rotations: Number of random rotations to refine.
        seed: Seed of the rotations.
    """
    source, target = (language.vectors for language in data.languages)
    assert data.dictionary is not None
    yield "chance", chance(data)
    yield "identical spelling", identical(data)
    starts = dict(runs)
    starts |= {f"random rotation {index}": random_rotation(data.dimension, seed + index) for index in range(rotations)}
    starts["similarity distributions"] = torch.empty(0)
    for name, start in starts.items():
        began = perf_counter()
        weight = start if start.numel() else similarity_start(source, target, words)
        yield name, _scores(data, weight, words, perf_counter() - began)
        weight, _ = refine(weight, source, target, refinements, words)
        yield f"{name}, refined", _scores(data, weight, words, perf_counter() - began)
    words_of = sorted(data.dictionary)
    for name, taught, scored in (
        ("supervised by all words", words_of, words_of),
        ("supervised by half, scored on the rest", words_of[::2], words_of[1::2]),
    ):
        pairs = [(word, right) for word in taught for right in sorted(data.dictionary[word])]
        began = perf_counter()
        weight = procrustes(
            *(vectors[list(side)] for vectors, side in zip((source, target), zip(*pairs, strict=True), strict=True))
        )
        yield name, _scores(data, weight, words, perf_counter() - began, scored)


def chance(data: WordVectorModule) -> dict[str, float]:
    """Return the expected precision of translations drawn at random."""
    assert data.dictionary is not None
    right = sum(map(len, data.dictionary.values())) / len(data.dictionary)
    return {f"p{k}": min(1.0, k * right / len(data.target.words)) for k in (1, 5, 10)}


def identical(data: WordVectorModule) -> dict[str, float]:
    """Return the precision of translating each word by itself."""
    assert data.dictionary is not None
    numbers = {word: index for index, word in enumerate(data.target.words)}
    hits = [numbers.get(data.source.words[word]) in answers for word, answers in data.dictionary.items()]
    share = sum(hits) / len(hits)
    return {"p1": share, "p5": share, "p10": share}


def _scores(
    data: WordVectorModule, weight: Tensor, words: int, seconds: float, scored: list[int] | None = None
) -> dict[str, float]:
    """Return the precision of a map, the criterion of its commonest words, and its seconds."""
    mapped = data.source.vectors @ weight.T
    criterion = mean_csls_cosine(mapped[:words], data.target.vectors, everything=mapped)
    return {**precisions(data, weight, scored=scored), "csls": criterion, "seconds": seconds}
