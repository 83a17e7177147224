"""LSTM over tokens: its samples follow its likelihood, ends, prefixes and temperature."""

from itertools import product

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.errors import UserError
from gan.nn.token_lstm import FREE, TokenLSTM, at_temperature, invert_cdf


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def lively(**settings: object) -> TokenLSTM:
    network = TokenLSTM(3, 3, embedding=4, width=5, **settings).requires_grad_(False)
    for parameter in network.parameters():
        parameter.normal_()
    return network


def all_sequences() -> Tensor:
    return torch.tensor(list(product(range(3), repeat=3)))


@pytest.mark.parametrize("ends", [False, True])
def test_probabilities_of_all_sequences_sum_to_one(ends: bool) -> None:
    network = lively(ends=ends)
    sequences = all_sequences()
    possible = torch.ones(27, dtype=torch.bool)
    if ends:  # nothing but the end follows an end
        possible = ~((sequences[:, :-1] == 0) & (sequences[:, 1:] > 0)).any(1)
    probabilities = network.log_likelihoods(sequences).sum(1).exp()[possible]
    assert_close(probabilities.sum(), torch.tensor(1.0))
    assert possible.sum() == (15 if ends else 27)


@pytest.mark.parametrize("ends", [False, True])
def test_samples_follow_the_likelihood(ends: bool) -> None:
    network, num = lively(ends=ends), 20_000
    tokens = network.sample_tokens(torch.rand(num, 3))
    found, counts = tokens.unique(dim=0, return_counts=True)
    expected = num * network.log_likelihoods(found).sum(1).exp()
    assert ((counts - expected).abs() < 5 * expected.sqrt() + 1).all()


def test_quantiles_invert_the_distribution() -> None:
    logits = torch.tensor([0.2, 0.0, 0.5, 0.3]).log().expand(4, -1)
    assert invert_cdf(logits, torch.tensor([0.0, 0.19, 0.21, 0.9999999])).tolist() == [0, 0, 2, 3]


def test_prefix_is_kept_and_the_rest_follows_it() -> None:
    network, uniform = lively(), torch.rand(50, 3)
    tokens = network.sample_tokens(uniform, prefix=torch.tensor([2, FREE, 1]).expand(50, -1))
    assert (tokens[:, 0] == 2).all()
    assert (tokens[:, 2] == 1).all()
    free = network.sample_tokens(uniform)
    begins_so = free[:, 0] == 2
    assert begins_so.any()
    assert torch.equal(tokens[begins_so, 1], free[begins_so, 1])


def test_low_temperature_takes_the_likeliest_token() -> None:
    network = lively()
    with at_temperature(network, 1e-3):
        tokens = network.sample_tokens(torch.rand(20, 3))
        assert_close(network.log_likelihoods(tokens).sum(), torch.tensor(0.0))
    assert network.temperature == 1
    assert (tokens == tokens[0]).all()
    first = torch.stack([network.log_likelihoods(torch.tensor([[token, 0, 0]]))[0, 0] for token in range(3)])
    assert tokens[0, 0] == first.argmax()


def test_temperatures_out_of_range_and_other_networks_are_refused() -> None:
    for network, temperature, message in [(lively(), 0.0, "above 0"), (torch.nn.Linear(1, 1), 1.0, "Linear has no")]:
        with pytest.raises(UserError, match=message), at_temperature(network, temperature):
            pass


def test_only_padding_follows_an_end() -> None:
    network = lively(ends=True)
    tokens = torch.tensor([[1, 0, 0], [0, 0, 0], [1, 2, 1]])
    assert network.is_padding(tokens).tolist() == [[False, False, True], [False, True, True], [False] * 3]
    assert network.log_likelihoods(tokens)[network.is_padding(tokens)].abs().sum() == 0
    assert (network(None, noise={"uniform": torch.rand(9, 3)}).sum(2) == 1).all()
