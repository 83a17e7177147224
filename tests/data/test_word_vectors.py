"""Word vectors of files, texts and made languages: rows without pairs, dictionaries, and what is refused."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from gan.data.made_languages import made_languages
from gan.data.vec_file import write_vectors
from gan.data.word_embedding import WordVectors
from gan.data.word_vectors import VectorFiles
from gan.errors import UserError
from gan.nn.procrustes import procrustes
from gan.types import Samples


def files(folder: Path, dictionary: str | None = None, **settings: Any) -> VectorFiles:
    """Data of two files of six words each, of length 3."""
    generator = torch.Generator().manual_seed(0)
    for name, words in {"a": "the cat dog red sun sea", "b": "der Katze Hund rot Sonne Meer"}.items():
        write_vectors(WordVectors(words.split(), torch.randn(6, 3, generator=generator)), folder / f"{name}.vec")
    if dictionary is not None:
        (folder / "pairs.txt").write_text(dictionary)
        settings["dictionary_path"] = str(folder / "pairs.txt")
    settings = {"source_path": str(folder / "a.vec"), "target_path": str(folder / "b.vec"), **settings}
    return VectorFiles(batch_size=2, **settings)


def test_rows_have_a_condition_without_relation(tmp_path: Path) -> None:
    data = files(tmp_path, commonest=4)
    rows = data.split("train").__getitems__(list(range(8)))
    assert isinstance(rows.condition, torch.Tensor)
    assert_close(rows.real[:4], data.target.vectors[:4])
    assert sorted(map(tuple, rows.condition[:4].tolist())) == sorted(map(tuple, data.source.vectors[:4].tolist()))
    assert not torch.equal(rows.condition[:4], data.source.vectors[:4])
    assert data.output_shape == (3,)


def test_vectors_are_normalized_as_asked(tmp_path: Path) -> None:
    raw, unit, center = (files(tmp_path, normalization=name).source.vectors for name in ("none", "unit", "center"))
    assert_close(unit, raw / raw.norm(dim=1, keepdim=True))
    assert_close(center.norm(dim=1), torch.ones(6))
    expected = unit - unit.mean(0)
    assert_close(center, expected / expected.norm(dim=1, keepdim=True))


def test_the_dictionary_is_of_words_that_both_have(tmp_path: Path) -> None:
    data = files(tmp_path, "cat Katze\ncat Hund\nsun Sonne\nmoon Mond\n")
    assert data.dictionary == {1: {1, 2}, 4: {4}}
    assert data.num_requests == 2
    request = data.requests(range(3))
    assert torch.equal(request.condition[2], data.source.vectors[1])  # they cycle
    assert request.real is None
    with pytest.raises(UserError, match=r"pairs\.txt: 1 of its words have vectors in both languages"):
        _ = files(tmp_path, "cat Katze\n").dictionary
    assert files(tmp_path).dictionary is None
    assert files(tmp_path).num_requests == 6


def test_samples_are_lines_of_words(tmp_path: Path) -> None:
    data = files(tmp_path)
    samples = Samples(data.target.vectors[[2, 5]], torch.zeros(2), data.source.vectors[[1, 0]])
    cat, the = data.sample_lines(samples)
    assert cat.startswith("cat: Hund, ")
    assert the.startswith("the: Meer, ")


def test_texts_are_embedded_and_aligned_sentences_give_a_dictionary(tmp_path: Path) -> None:
    lines = [("The cat eats.", "Die Katze frisst."), ("A dog sleeps!", "Ein Hund schläft!")] * 5
    for name, side in (("a.txt", 0), ("b.txt", 1)):
        (tmp_path / name).write_text("".join(f"{line[side]}\n" for line in lines))
    (tmp_path / "pairs.tsv").write_text("".join(f"{first}\t{second}\n" for first, second in lines))
    paths = {"source_path": str(tmp_path / "a.txt"), "target_path": str(tmp_path / "b.txt")}
    data = VectorFiles(**paths, dictionary_path=str(tmp_path / "pairs.tsv"), dimension=3, batch_size=2)
    assert set(data.source.words) == {"the", "cat", "eats", "a", "dog", "sleeps"}
    assert data.dictionary is not None
    assert len(data.dictionary) >= 2
    same = VectorFiles(**{**paths, "target_path": paths["source_path"]}, dictionary_path="same", dimension=3)
    assert same.dictionary == {index: {index} for index in range(6)}
    (tmp_path / "pairs.tsv").write_text("no tab\n")
    with pytest.raises(UserError, match=r"pairs\.tsv, line 1 has no tab"):
        data.load_dictionary()
    with pytest.raises(UserError, match=r"a\.txt: 6 words occur 5 times or more, which is too few .* length 50"):
        _ = VectorFiles(**paths).languages
    with pytest.raises(UserError, match=r"there is no file .*none\.txt"):
        _ = VectorFiles(source_path=str(tmp_path / "none.txt"), target_path=paths["target_path"]).languages


def test_made_languages_are_a_rotated_copy() -> None:
    source, target = made_languages(300, 6, 0.0, seed=1)
    numbers = {word: index for index, word in enumerate(target.words)}
    order = [numbers[f"b{word[1:]}"] for word in source.words]
    weight = procrustes(source.vectors, target.vectors[order])
    assert_close(source.vectors @ weight.T, target.vectors[order], atol=1e-4, rtol=0)
    assert sum(index == place for place, index in enumerate(order)) < 60  # ranks say little
    assert set(order[:200]) & set(range(200))
    data = VectorFiles(made_words=50, commonest=20)
    assert data.dictionary is not None
    assert len(data.dictionary) == 50


def test_a_text_is_told_from_vectors_by_its_first_lines(tmp_path: Path) -> None:
    random = Random(0)
    words = [f"w{chr(97 + number)}" for number in range(12)]
    for name in ("a.en", "b.de", "c.txt"):
        lines = [" ".join(random.choices(words, k=9)) for _ in range(60)]
        (tmp_path / name).write_text("\n".join(["Two young, white males are outside.", *lines]))
    (tmp_path / "glove.txt").write_text("the 0.5 1 -2e-3\n, 1 2 3\n")
    (tmp_path / "bad.any").write_text("the 0.5 1 -2e-3\na 1 x 3\n")
    data = VectorFiles(source_path=str(tmp_path / "a.en"), target_path=str(tmp_path / "b.de"), dimension=5)
    assert sorted(data.source.words) == sorted(words)
    assert VectorFiles(source_path=str(tmp_path / "a.en"), target_path=str(tmp_path / "c.txt"), words=9).dimension == 50
    glove = str(tmp_path / "glove.txt")
    assert VectorFiles(source_path=glove, target_path=glove).target.words == ["the", ","]
    with pytest.raises(UserError, match=r"line 2: the word 'a' .* no numbers .*: a text, .* needs a name .* \.txt"):
        VectorFiles(source_path=str(tmp_path / "bad.any"), target_path=glove)


def test_files_of_one_language_or_of_different_lengths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"data\.target_path is missing"):
        VectorFiles(source_path="a.vec")
    with pytest.raises(UserError, match=r"lengths 3 and 3, and both need data\.dimension=5"):
        _ = files(tmp_path, dimension=5).languages
