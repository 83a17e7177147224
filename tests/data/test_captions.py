"""Captions: made digits, files of several layouts, the vocabulary, and messages about what does not fit."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from gan.data.captioned_digits import CaptionedDigits
from gan.data.captions import Captions
from gan.data.mnist5k import MNIST5k
from gan.data.sentences import Sentences
from gan.errors import UserError


def made(**settings: Any) -> CaptionedDigits:
    defaults: dict[str, Any] = {
        "image_size": 24,
        "digit_size": 12,
        "classes": [0, 7],
        "colours": ["red", "blue"],
        "places": ["top left", "bottom right"],
        "rows": 64,
        "test_rows": 32,
        "unseen_share": 0.25,
    }
    return CaptionedDigits(MNIST5k(image_size=28, channels=1, num_classes=10), **defaults | settings)


def captions(**settings: Any) -> Captions:
    return Captions(**{"made": made(), "image_size": 24, "channels": 3, **settings})


def write_folder(folder: Path, rows: list[dict[str, Any]], width: int = 8) -> Path:
    for number, row in enumerate(rows):
        image = Image.new("RGB", (width, 8), (number, 0, 0))
        path = folder / row["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    (folder / "captions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder / "captions.jsonl"


def birds(number: int = 8) -> list[dict[str, Any]]:
    colours = ("red", "blue")
    return [
        {"file": f"{row}.png", "caption": f"A {colours[row % 2]} bird.", "colour": colours[row % 2], "big": row % 4 < 2}
        for row in range(number)
    ]


def test_digits_have_the_colour_and_place_of_their_sentence() -> None:
    data = captions()
    assert (data.attributes, data.attribute_sizes, data.num_classes) == (["digit", "colour", "place"], [2, 2, 2], 8)
    rows = data.split("train").__getitems__(list(range(64)))
    assert isinstance(rows.condition, torch.Tensor)
    for image, label, line in zip(rows.real, rows.labels.tolist(), data.lines_of(rows.condition), strict=True):
        digit, colour, place = label // 4, label // 2 % 2, label % 2
        assert line == f"a {('red', 'blue')[colour]} {('zero', 'seven')[digit]}, {('top left', 'bottom right')[place]}"
        half = slice(12, None) if place else slice(12)
        assert image.sum() == image[:, half, half].sum() > 0
        assert (image[0].sum() > image[2].sum()) == (colour == 0)


def test_combinations_are_held_out_from_training_alone() -> None:
    data = captions()
    unseen = {data.made.sentence(combination) for combination in data.made.unseen}
    train, test, scoring = (
        set(data.lines_of(rows.__getitems__(list(range(len(rows)))).condition))
        for rows in (data.split("train"), data.split("test"), data.scoring_rows)
    )
    assert len(unseen) == 2
    assert unseen <= test <= scoring
    assert train == scoring - unseen
    assert not made(unseen_share=0.0).unseen


def test_every_value_stays_in_training() -> None:
    unseen = made(unseen_share=1.0).unseen
    kept = {(a, b, c) for a in range(2) for b in range(2) for c in range(2)} - unseen
    assert all({combination[place] for combination in kept} == {0, 1} for place in range(3))


def test_recorded_values_need_no_files(tmp_path: Path) -> None:
    path = write_folder(tmp_path, birds())
    found = captions(captions=str(path), image_size=8, attributes=["colour", "big"])
    assert found.vocabulary == ". a bird blue red"
    assert (found.length, found.attribute_sizes, found.num_classes) == (4, [2, 2], 4)
    names = ("vocabulary", "vocabulary_size", "length", "attribute_sizes", "num_classes")
    recorded = {name: getattr(found, name) for name in names}
    again = captions(captions=str(tmp_path / "gone"), image_size=8, attributes=["colour", "big"], **recorded)
    assert torch.equal(again.encode(["a red bird"]), torch.tensor([[2, 5, 3, 0]]))
    assert again.lines_of(torch.tensor([[2, 5, 3, 1]])) == ["a red bird."]


def test_json_lines_give_sentences_attributes_and_halves(tmp_path: Path) -> None:
    rows = birds()
    rows[0]["caption"] = ["a red bird", "a bird"]
    for row in rows[6:]:
        row["file"] = f"test/{row['file']}"
    path = write_folder(tmp_path, rows, width=16)
    data = captions(captions=str(path), image_size=8, attributes=["colour"], side="left")
    assert (len(data.split("train")), len(data.split("test"))) == (7, 2)
    batch = data.split("train").__getitems__([0, 1, 2])
    assert batch.real[:, 0, 0, 0].tolist() == [0, 0, 1]
    assert data.lines_of(batch.condition) == ["a red bird", "a bird", "a blue bird."]
    assert batch.labels.tolist() == [1, 1, 0]
    assert data.fingerprint("train") != data.fingerprint("test")
    enlarged = data.load_enlarged(2.0)
    assert enlarged is not None
    assert enlarged.__getitems__([0]).real.shape == (1, 3, 16, 16)


def test_text_files_lie_beside_images(tmp_path: Path) -> None:
    write_folder(tmp_path / "images", birds(4))
    (tmp_path / "text").mkdir()
    for row in range(4):
        (tmp_path / "text" / f"{row}.txt").write_text("a bird\n\ntwo birds\n", encoding="utf-8")
    data = captions(path=str(tmp_path), image_size=8, test_share=0.5)
    assert len(data.split("train")) == len(data.split("test")) == 4
    assert data.num_classes == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ("images/2.png", r"text without an image of its name: text/2\.txt"),
        ("text/2.txt", r"images without text/NAME\.txt: images/2\.png"),
        (None, r"text without a sentence: text/2\.txt"),
    ],
)
def test_images_and_text_without_each_other(
    tmp_path: Path, changed: str | None, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    write_folder(tmp_path / "images", birds(6))
    (tmp_path / "text").mkdir()
    for row in range(6):
        (tmp_path / "text" / f"{row}.txt").write_text("" if changed is None and row == 2 else "a bird\n")
    if changed is not None:
        (tmp_path / changed).unlink()
    with pytest.raises(UserError, match=rf"{message}; data\.on_error=skip leaves them out"):
        captions(path=str(tmp_path), image_size=8)
    data = captions(path=str(tmp_path), image_size=8, on_error="skip")
    levels = [level for split in ("train", "test") for level in next(data.batches(split)).real[:, 0, 0, 0].tolist()]
    assert sorted(levels) == [0, 1, 3, 4, 5]
    assert re.search(rf"Skipped: {message}$", caplog.text, re.MULTILINE)


@pytest.mark.parametrize(
    ("lines", "settings", "message"),
    [
        ("{", {}, r"captions\.jsonl:1 is no JSON"),
        ('{"file": "0.png"}', {}, r"captions\.jsonl:1 needs file and caption"),
        ('{"file": "0.png", "caption": 3}', {}, r"captions\.jsonl:1 needs a caption that is text"),
        ('{"file": "../0.png", "caption": "a"}', {}, r"\.\./0\.png is not a path within"),
        ('{"file": "0.png", "caption": "a"}', {}, "captions of 1 images are too few"),
        ('{"file": "0.png", "caption": "a"}', {"attributes": ["hair"]}, "has no attribute 'hair'"),
        (None, {}, r"there is no .*captions\.jsonl"),
    ],
)
def test_lines_that_do_not_fit_are_named(
    lines: str | None, settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "captions.jsonl"
    if lines is not None:
        path.write_text(lines + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=message) as caught:
        captions(captions=str(path), image_size=8, **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": [0, 0]}, r"data\.made\.classes: name one or more, each once"),
        ({"colours": ["rot"]}, r"data\.made\.colours: 'rot' is not one of red"),
        ({"places": ["top lift"]}, r"'top lift' is not one of .*did you mean 'top left'|top left"),
        ({"digit_size": 25}, r"data\.made\.digit_size=25 is more than data\.image_size=24"),
    ],
)
def test_made_data_name_what_does_not_fit(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        made(**settings)


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("", "a sentence is empty"),
        ("a green zero", "'green' is not in the vocabulary"),
        ("a red zero, top left " * 2, "has 12 words and marks, more than the 6"),
        ("a\x00", "is not in the vocabulary"),
    ],
)
def test_a_users_sentence_must_fit(sentence: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        captions().encode([sentence])
    assert "\n" not in str(caught.value)


def test_sentences_without_words_are_named_or_skipped() -> None:
    def read() -> dict[str, list[tuple[str, str]]]:
        return {"train": [("x:1", "A cat"), ("x:2", " "), ("x:3", "A cat")], "test": [("y:1", "a dog")]}

    with pytest.raises(UserError, match=r"x:2 has no words; data\.on_error=skip"):
        Sentences(read).rows("train")
    kept, tokens = Sentences(read, on_error="skip").rows("train")
    assert (kept.tolist(), tokens.tolist()) == ([0, 2], [[1, 2], [1, 2]])
    with pytest.raises(UserError, match="no line of the test split fits"):
        Sentences(read, on_error="skip").rows("test")
