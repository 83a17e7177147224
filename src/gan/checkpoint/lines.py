"""Translation of lines of text by a trained translator of sentences."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from gan.data.unpaired_text import UnpairedText
from gan.errors import UserError
from gan.formats import printable
from gan.types import GeneratorInput

if TYPE_CHECKING:
    from gan.checkpoint.trained import TrainedGenerator

__all__ = ["translate_lines"]

log = logging.getLogger(__name__)


@torch.no_grad()
def translate_lines(
    generator: "TrainedGenerator", lines: Sequence[str], back: bool = False, batch_size: int = 256
) -> list[str]:
    """Translate lines of text; those without words stay empty. A warning names a word that becomes an unknown one.

    Args:
        generator: Translator of sentences.
        lines: Lines of the source language, or of the target language if they are translated back.
        back: Whether to translate from the target to the source language.
        batch_size: Lines per forward pass.

    Raises:
        UserError: If the generator translates no sentences, or a line is too long or has an unknown word that nothing
            replaces.
    """
    data, model = generator.data, generator.model
    if not isinstance(data, UnpairedText) or not model.uses_condition:
        raise UserError(f"{generator.path}: {type(model).__name__} translates no sentences, as model=unmt does")
    if batch_size < 1:
        raise UserError(f"a batch must have at least 1 line, not {batch_size}")
    found, tokens_of_lines = list[str](), data.encode_lines(lines)
    if missing := [word for line in lines for word in data.missing(line)]:
        several = (
            f"{len(missing)} words are not in the vocabulary and are"
            if missing[1:]
            else "1 word is not in the vocabulary and is"
        )
        log.warning("%s taken for unknown: %s%s", several, printable(missing[0]), ", ..." * (len(missing) > 1))
    with model.inference_network(generator.use_ema) as translator:
        network = model.reversed_network(translator) if back else translator
        if network is None:
            raise UserError(f"{generator.path}: {type(model).__name__} does not translate back")
        for tokens in tokens_of_lines.to(generator.device).split(batch_size):
            output = model.run_generator(network, GeneratorInput(None, torch.zeros_like(tokens[:, 0]), tokens))
            found += data.lines_of(output.images)
    return [other if line.strip() else "" for line, other in zip(lines, found, strict=True)]
