"""Generator blocks of sentences: shapes, the order of a checkpoint's parts, and sizes that do not fit."""

from typing import Any

import pytest
import torch
from torch import nn

from gan.nn.fusion_generator import FusionGenerator

SETTINGS: dict[str, Any] = {"vocabulary_size": 5, "length": 3, "latent_dim": 7, "width": 2, "sentence_dim": 4}


class Augmented(FusionGenerator):
    def add_conditioning(self, sentence_dim: int) -> None:
        self.moments = nn.Linear(sentence_dim, 2 * sentence_dim)


def test_features_have_the_size_and_width_of_the_last_block() -> None:
    generator = FusionGenerator((3, 20, 20), **SETTINGS)
    features, vector = generator.features(torch.randn(6, 7), torch.randn(6, 4))
    assert features.shape == (6, 2, 20, 20)
    assert vector.shape == (6, generator.input_dim) == (6, 11)


def test_conditioning_lies_between_encoder_and_blocks() -> None:
    assert [name for name, _ in FusionGenerator((3, 16, 16), **SETTINGS).named_children()] == [
        "encoder",
        "stem",
        "blocks",
    ]
    assert [name for name, _ in Augmented((3, 16, 16), **SETTINGS).named_children()][:2] == ["encoder", "moments"]


def test_sizes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match="image size 18 does not fit"):
        FusionGenerator((3, 18, 18), **SETTINGS)
