"""Relational memory: a case worked by hand, and samples that follow the likelihood of whole sequences."""

from math import exp, sqrt, tanh

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan.models.gumbel_gan import Generator
from gan.nn.relational_memory import RelationalMemory
from gan.nn.token_lstm import TokenLSTM


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def test_a_step_worked_by_hand() -> None:
    network = RelationalMemory(2, 2, slots=1, heads=1).double().requires_grad_(False)
    for layer in (network.input, network.query, network.key_value, *network.perceptron):
        if isinstance(layer, nn.Linear):
            layer.weight.zero_()
            layer.bias.zero_()
    eye = torch.eye(2, dtype=torch.double)
    network.input.weight.copy_(eye)
    network.query.weight.copy_(eye)
    network.key_value.weight.copy_(torch.cat([eye, 2 * eye]))  # keys are the rows themselves, values are twice them
    network.input_gates.weight.copy_(torch.cat([eye, torch.zeros_like(eye)]))  # of the new memory alone
    network.memory_gates.weight.copy_(torch.cat([torch.zeros_like(eye), eye]))  # of the old one
    # The memory is (1, 0) and the input (0, 3): products of the query are 1 and 0, so that the weights are
    a = exp(1 / sqrt(2)) / (exp(1 / sqrt(2)) + 1)
    total = (1 + 2 * a, 6 * (1 - a))  # the memory, and the mean of the values (2, 0) and (0, 6)
    middle, half = sum(total) / 2, (total[0] - total[1]) / 2
    first = half / sqrt(half**2 + 1e-5)  # normalised, twice: the perceptron is zero
    second = first / sqrt(first**2 + 1e-5)
    assert middle > 0
    expected = [
        sigmoid(0.0) * tanh(second) + sigmoid(1 + tanh(1.0)) * 1.0,
        sigmoid(3.0) * tanh(-second) + 0.0,
    ]
    outputs, memory = network(torch.tensor([[[0.0, 3.0]]], dtype=torch.double))
    assert_close(outputs[0, 0], torch.tensor(expected, dtype=torch.double))
    assert torch.equal(memory[:, 0], outputs[:, 0])


def test_attention_is_that_of_torch() -> None:
    torch.manual_seed(0)
    network, theirs = RelationalMemory(3, 6, slots=4, heads=2), nn.MultiheadAttention(6, 2, batch_first=True)
    memory, x = torch.randn(5, 4, 6), torch.randn(5, 1, 6)
    theirs.in_proj_weight.data.copy_(torch.cat([network.query.weight, network.key_value.weight]))
    theirs.in_proj_bias.data.copy_(torch.cat([network.query.bias, network.key_value.bias]))
    theirs.out_proj.weight.data.copy_(torch.eye(6))
    rows = torch.cat([memory, x], 1)
    assert_close(network.attend(memory, x), theirs(memory, rows, rows)[0])


@pytest.mark.parametrize("slots", [1, 3])
def test_a_sequence_in_parts_is_the_sequence(slots: int) -> None:
    torch.manual_seed(0)
    network = RelationalMemory(3, 4, slots, depth=2)
    inputs = torch.randn(2, 5, 3)
    whole, last = network(inputs)
    first, memory = network(inputs[:, :2])
    second, end = network(inputs[:, 2:], memory)
    assert_close(torch.cat([first, second], 1), whole)
    assert_close(end, last)
    assert whole.shape == (2, 5, 4 * slots)


@pytest.mark.parametrize("kind", [TokenLSTM, Generator])
def test_samples_follow_the_likelihood(kind: type[TokenLSTM]) -> None:
    torch.manual_seed(0)
    network, num = kind(3, 3, embedding=4, width=6, ends=True, memory=2).requires_grad_(False), 20_000
    for parameter in network.parameters():
        parameter.normal_()
    uniform = torch.rand(num, 3, 3)
    noise = {"uniform": uniform[..., 0], "gumbel": -(-uniform.log()).log()}
    found, counts = network(None, noise=noise).argmax(-1).unique(dim=0, return_counts=True)
    expected = num * network.log_likelihoods(found).sum(1).exp()
    assert ((counts - expected).abs() < 5 * expected.sqrt() + 1).all()


def test_heads_share_the_width() -> None:
    with pytest.raises(ValueError, match="width=5 is no multiple of heads=2"):
        RelationalMemory(3, 5)
