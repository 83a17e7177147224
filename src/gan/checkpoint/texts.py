"""Samples of text from a trained generator: their temperature, and the words that they begin with."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import torch

from gan.data.sequences import SequenceDataModule
from gan.errors import UserError
from gan.nn.token_lstm import FREE, at_temperature
from gan.types import Samples

if TYPE_CHECKING:
    from gan.checkpoint.trained import TrainedGenerator

__all__ = ["sample_texts", "sequences_of", "text_batches"]


def sequences_of(generator: "TrainedGenerator") -> SequenceDataModule:
    """Return the data module of a generator of sequences.

    Raises:
        UserError: If it generates something else, or translates.
    """
    if not isinstance(generator.data, SequenceDataModule):
        raise UserError(f"{generator.path} generates {generator.data.noun}, which have no temperature and no prefix")
    if generator.model.uses_condition:
        raise UserError(
            f"{generator.path} translates sentences, and has no temperature and no prefix: use "
            f"python -m gan.translate {generator.path} --text FILE"
        )
    return generator.data


def text_batches(
    generator: "TrainedGenerator",
    indices: range,
    seed: int = 0,
    temperature: float = 1.0,
    prefix: str = "",
    batch_size: int = 256,
) -> Iterator[Samples]:
    """Yield the sequences of a seed at consecutive indices, as one-hot vectors.

    Args:
        generator: Generator of sequences.
        indices: Indices of the samples.
        seed: Seed of the samples; a seed draws each token at the same quantile at every temperature.
        temperature: Divisor of the logits: below one for likelier sequences, above one for more various ones.
        prefix: Text that all begin with.
        batch_size: Sequences per forward pass.

    Raises:
        UserError: If a number is out of range, or the prefix is too long or has an unknown token.
    """
    data = sequences_of(generator)
    if seed < 0 or batch_size < 1:
        raise UserError(f"a seed must be at least 0 and a batch at least 1, not {seed} and {batch_size}")
    given = torch.full((data.length,), FREE)
    tokens = data.encode(prefix)
    if len(tokens) > data.length:
        raise UserError(f"the prefix has {len(tokens)} tokens, more than the {data.length} of a whole sequence")
    given[: len(tokens)] = torch.tensor(tokens, dtype=torch.long)
    model = generator.model
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        network = stack.enter_context(model.inference_network(generator.use_ema))
        stack.enter_context(at_temperature(network, temperature))
        for start in range(0, len(indices), batch_size):
            inputs = model.sample_input(indices[start : start + batch_size], seed)
            labels, rows = inputs.labels, inputs.size
            assert labels is not None
            inputs = inputs._replace(condition=given.to(generator.device).expand(rows, -1))
            yield Samples(model.run_generator(network, inputs).images, labels)


def sample_texts(generator: "TrainedGenerator", num: int, seed: int = 0, **settings: Any) -> list[str]:
    """Return a seed's first samples as lines of text; the settings are those of ``text_batches``."""
    data = sequences_of(generator)
    batches = text_batches(generator, range(num), seed, **settings)
    return [line for batch in batches for line in data.lines_of(batch.images)]
