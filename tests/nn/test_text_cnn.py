"""Convolutional discriminator of sequences: indices and one-hot vectors, windows."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from gan.nn.text_cnn import TextCNN


def test_indices_and_one_hot_vectors_have_the_same_output() -> None:
    network, tokens = TextCNN(7, 5, dropout=0.0), torch.randint(7, (3, 5))
    one_hot = F.one_hot(tokens, 7).float().requires_grad_()
    output = network(one_hot)
    assert_close(output, network(tokens))
    assert output.features.shape == (3, network.num_features)
    output.logits.sum().backward()
    assert one_hot.grad is not None
    assert one_hot.grad.abs().sum() > 0


def test_long_windows_are_left_out_and_none_is_an_error() -> None:
    assert TextCNN(7, 2, width=8).num_features == 16
    with pytest.raises(ValueError, match="longer than a sequence of length 1"):
        TextCNN(7, 1, windows=[2, 3])


def test_dropout_makes_an_output_depend_on_chance() -> None:
    assert TextCNN(7, 5, dropout=0.0).batch_independent
    assert not TextCNN(7, 5).batch_independent
