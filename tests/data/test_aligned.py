"""Dictionary from aligned sentences."""

from gan.data.aligned import align_words


def test_words_that_occur_together_are_paired() -> None:
    sentences = [
        (["a", "cat"], ["eine", "Katze"]),
        (["a", "dog"], ["ein", "Hund"]),
        (["the", "cat"], ["die", "Katze"]),
        (["the", "dog"], ["der", "Hund"]),
    ]
    assert set(align_words(sentences, min_count=2)) == {("cat", "Katze"), ("dog", "Hund")}
    assert ("the", "die") in align_words(sentences, min_count=1)
    assert align_words(sentences, min_count=2, threshold=1.1) == []
