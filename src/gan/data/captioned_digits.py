"""Digits in a colour, at a place, each with the sentence that says so: captions that every machine can make."""

from copy import copy
from itertools import product

import numpy as np
import torch
from torch import Tensor

from gan.bounds import Pixels, PositiveInt, Probability
from gan.data.base import ImageDataModule
from gan.data.caption import Caption
from gan.data.dataset import TensorImages
from gan.data.module import Split
from gan.data.resize import resize
from gan.digest import digest_of_values
from gan.errors import UserError, did_you_mean

__all__ = ["COLOURS", "DIGITS", "PLACES", "CaptionedDigits"]

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
COLOURS = {
    "red": (255, 40, 40),
    "green": (40, 220, 40),
    "blue": (70, 90, 255),
    "yellow": (255, 230, 40),
    "pink": (255, 90, 210),
    "white": (255, 255, 255),
}
PLACES = {"top left": (0, 0), "top right": (0, 2), "bottom left": (2, 0), "bottom right": (2, 2), "centre": (1, 1)}
"""Places by name: halves of the free height and width that are above and to the left of the digit."""
MARGIN = 1 / 7  # of a digit's image at each side, which is cut off: MNIST's digits have 4 empty pixels of 28 there
COMBINATION, TEST = 1, 2  # of the random numbers


class CaptionedDigits:
    """Digits of a data set on black, such as "a red seven, top left".

    Some combinations of digit, colour and place are held out: no training image has them. Held-out images show held-out
    digits, in all combinations.

    Args:
        digits: Data set with one channel, of light images on black, held in memory: ``mnist5k`` or ``mnist``.
        image_size: Height and width of the image.
        digit_size: Height and width of the digit in it.
        classes: Digits that occur.
        colours: Colours that occur: red, green, blue, yellow, pink and white are known.
        places: Places that occur: top left, top right, bottom left, bottom right and centre are known.
        rows: Number of training images.
        test_rows: Number of held-out images.
        unseen_share: Share of combinations that are held out; 0 for none.

    Attributes:
        names: Names of the attributes: digit, colour and place.
        values: The values of each.

    Raises:
        UserError: If a digit, colour or place is unknown, or the digit is larger than the image.
    """

    names = ("digit", "colour", "place")

    def __init__(
        self,
        digits: ImageDataModule,
        image_size: Pixels,
        digit_size: Pixels,
        classes: list[int],
        colours: list[str],
        places: list[str],
        rows: PositiveInt = 20_000,
        test_rows: PositiveInt = 2000,
        unseen_share: Probability = 0.2,
    ) -> None:
        known: dict[str, tuple[list[str], list[str]]] = {
            "classes": ([str(digit) for digit in classes], [str(digit) for digit in range(10)]),
            "colours": (list(colours), list(COLOURS)),
            "places": (list(places), list(PLACES)),
        }
        for option, (chosen, all_values) in known.items():
            if not chosen or len(set(chosen)) < len(chosen):
                raise UserError(f"data.made.{option}: name one or more, each once")
            for value in chosen:
                if value not in all_values:
                    hint = did_you_mean(value, all_values)
                    raise UserError(f"data.made.{option}: {value!r} is not one of {', '.join(all_values)}{hint}")
        if digit_size > image_size:
            raise UserError(
                f"data.made.digit_size={digit_size} is more than data.image_size={image_size}: a digit must fit"
            )
        self.digits, self.image_size, self.digit_size = digits, image_size, digit_size
        self.classes, self.colours, self.places = list(classes), list(colours), list(places)
        self.rows, self.test_rows, self.unseen_share = rows, test_rows, unseen_share
        self.values = [[DIGITS[digit] for digit in classes], self.colours, self.places]

    def with_all_combinations(self) -> "CaptionedDigits":
        """Return the same data with nothing held out but digits, on which networks that score are trained."""
        twin = copy(self)
        twin.unseen_share = 0.0
        return twin

    @property
    def unseen(self) -> frozenset[tuple[int, ...]]:
        """Combinations without training images, as indices of digit, colour and place; each value occurs in others."""
        combinations = list(product(*(range(len(values)) for values in self.values)))
        held_out, order = set[tuple[int, ...]](), np.random.default_rng(0).permutation(len(combinations))
        for index in order:
            if len(held_out) >= int(self.unseen_share * len(combinations)):
                break
            candidate = combinations[int(index)]
            kept = [other for other in combinations if other not in held_out and other != candidate]
            if all(any(other[place] == value for other in kept) for place, value in enumerate(candidate)):
                held_out.add(candidate)
        return frozenset(held_out)

    def sentence(self, combination: tuple[int, ...]) -> str:
        """Return the sentence of a combination."""
        digit, colour, place = (values[index] for values, index in zip(self.values, combination, strict=True))
        return f"a {colour} {digit}, {place}"

    def captions(self, split: Split) -> list[Caption]:
        """Return the sentence and the attributes of each image of a split."""
        combinations = self._combinations(split).tolist()
        return [
            Caption(
                f"image {row}",
                row,
                self.sentence(tuple(combination)),
                tuple(values[index] for values, index in zip(self.values, combination, strict=True)),
            )
            for row, combination in enumerate(combinations)
        ]

    def images(self, split: Split) -> TensorImages:
        """Draw the images of a split; the labels are those of the digits.

        Raises:
            UserError: If the data set has no digits of a class.
        """
        source = self.digits.split(split)
        assert isinstance(source, TensorImages)
        combinations, rng = self._combinations(split), np.random.default_rng([TEST, split == "test"])
        chosen = np.zeros(len(combinations), dtype=np.int64)
        for index, digit in enumerate(self.classes):
            rows, found = np.flatnonzero(combinations[:, 0] == index), np.flatnonzero(source.labels.numpy() == digit)
            if not len(found):
                raise UserError(f"data.made.digits has no digit {digit} in its {split} split")
            chosen[rows] = rng.choice(found, len(rows))
        digits = self._small_digits(source.images)[torch.from_numpy(chosen)]
        colours = torch.tensor([COLOURS[colour] for colour in self.colours])[combinations[:, 1]]
        coloured = (digits.float() * colours[:, :, None, None] / 255).round().to(torch.uint8)
        images = torch.zeros(len(digits), 3, self.image_size, self.image_size, dtype=torch.uint8)
        free = self.image_size - self.digit_size
        for index, place in enumerate(self.places):
            top, left = (free * halves // 2 for halves in PLACES[place])
            at_place = torch.from_numpy(combinations[:, 2] == index)
            area = (slice(top, top + self.digit_size), slice(left, left + self.digit_size))
            images[at_place, :, *area] = coloured[at_place]
        return TensorImages(images, source.labels[torch.from_numpy(chosen)])

    def fingerprint(self, split: Split) -> str:
        """Return a hash of the digits' fingerprint and the settings."""
        settings = (self.image_size, self.digit_size, self.classes, self.colours, self.places)
        rows = (self.rows, self.test_rows, self.unseen_share)
        return digest_of_values(type(self).__qualname__, self.digits.fingerprint(split), settings, rows)

    def _small_digits(self, images: Tensor) -> Tensor:
        margin = round(MARGIN * images.shape[-1])
        return resize(images[..., margin:-margin, margin:-margin], self.digit_size)

    def _combinations(self, split: Split) -> np.ndarray:
        """Draw the combination of each image of a split, int64 with shape (N, 3)."""
        sizes, unseen = [len(values) for values in self.values], self.unseen
        possible = [
            combination
            for combination in product(*(range(size) for size in sizes))
            if split == "test" or combination not in unseen
        ]
        rng = np.random.default_rng([COMBINATION, split == "test"])
        number = self.rows if split == "train" else self.test_rows
        return np.array(possible)[rng.integers(len(possible), size=number)]
