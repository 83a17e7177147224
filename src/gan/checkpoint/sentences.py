"""Sentences that a user's images are generated from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from gan.data.captioned import Captioned
from gan.errors import UserError

if TYPE_CHECKING:
    from gan.checkpoint.trained import TrainedGenerator

__all__ = ["condition_of_text"]


def condition_of_text(generator: "TrainedGenerator", text: str | Sequence[str], num: int) -> Tensor:
    """Return the condition of images that successive sentences describe, int64 with shape (num, T).

    Args:
        generator: Generator of images from sentences.
        text: A sentence, or several, which are cycled through.
        num: Number of images.

    Raises:
        UserError: If the generator takes no sentences; or if a sentence is empty or too long, or has an unknown word.
    """
    data = generator.data
    if not generator.model.uses_condition or not isinstance(data, Captioned):
        raise UserError(f"{generator.path}: {type(generator.model).__name__} does not generate images from sentences")
    sentences = [text] if isinstance(text, str) else list(text)
    if not sentences:
        raise UserError("there is no sentence to generate images from")
    tokens = data.encode(sentences)
    return tokens.repeat(-(-num // len(tokens)), 1)[:num]
