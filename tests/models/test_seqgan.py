"""SeqGAN: values by rollouts, rewards, the lagging copy, pretraining by likelihood, and the policy's improvement."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan.keyed_random import KeyedRandom
from gan.losses.adversarial import NonSaturating
from gan.losses.objective import Objective
from gan.models.phases import Phase
from gan.models.seqgan import SeqGAN
from gan.nn.text_cnn import TextCNN
from gan.nn.token_lstm import TokenLSTM
from gan.types import DiscriminatorOutput
from tests.test_conf import composed, data_of, fit

SMALL = ["data=oracle", "data.vocabulary_size=5", "data.length=4", "data.rows=64", "data.batch_size=16"]
SMALL += ["model.rollouts=2", "model.generator.width=8", "model.discriminator.width=4"]


class Ones(nn.Module):
    """Discriminator whose logit is the number of tokens 1, minus one."""

    def forward(self, tokens: Tensor, labels: Tensor | None = None) -> DiscriminatorOutput:
        logits = (tokens == 1).sum(1).float() - 1
        return DiscriminatorOutput(logits, logits[:, None])


def make(discriminator: nn.Module | None = None, **settings: Any) -> SeqGAN:
    torch.manual_seed(0)
    generator = TokenLSTM(3, 3, embedding=4, width=5)
    for parameter in generator.parameters():
        nn.init.normal_(parameter)
    networks = (generator, discriminator or TextCNN(3, 3))
    return SeqGAN(*networks, Objective(NonSaturating()), {}, latent_dim=0, ema_decay=0, **settings)


def test_values_are_the_expected_rewards_of_all_completions() -> None:
    model = make(Ones(), rollouts=20_000, chunk=50_000)
    tokens = torch.tensor([[1, 0, 2]])
    values = model.values(tokens, KeyedRandom(0, total=1))
    every = torch.tensor(list(product(range(3), repeat=3)))
    probabilities = model.generator.log_likelihoods(every).sum(1).exp()
    for known in range(4):
        same = (every[:, :known] == tokens[:, :known]).all(1).float() * probabilities
        expected = (same * ((every == 1).sum(1) - 1)).sum() / same.sum()
        assert_close(values[0, known], expected.detach(), atol=0.03, rtol=0)


def test_rewards_are_bounded_logits_or_probabilities() -> None:
    tokens = torch.tensor([[1, 1, 1], [0, 0, 0]])
    assert make(Ones()).reward(tokens).tolist() == [2, -1]
    assert make(Ones(), reward_bound=0.5).reward(tokens).tolist() == [0.5, -0.5]
    assert_close(make(Ones(), reward="probability").reward(tokens), torch.tensor([2.0, -1.0]).sigmoid())


def test_values_do_not_depend_on_the_number_of_ranks_or_the_chunk() -> None:
    tokens = torch.randint(3, (4, 3), generator=torch.Generator().manual_seed(0))
    whole = make(rollouts=3).values(tokens, KeyedRandom(0, total=4))
    last = make(rollouts=3, chunk=5).values(tokens[2:], KeyedRandom(0, total=4, rows=slice(2, 4)))
    assert_close(whole[2:], last)


def test_policy_learns_what_the_reward_is() -> None:
    model = make(Ones(), rollouts=4)
    optimizer = torch.optim.Adam(model.generator.parameters(), lr=0.05)
    for step in range(60):
        rng = KeyedRandom(0, step, total=64)
        tokens = model.generator.sample_tokens(rng.uniform(3))
        terms = model.generator_terms(_pass(tokens, rng))
        optimizer.zero_grad()
        terms["policy"].backward()
        optimizer.step()
        model.rollout.update(model.generator, step + 1)
    assert model.reward(model.generator.sample_tokens(torch.rand(256, 3))).mean() > 1.8


def _pass(tokens: Tensor, rng: KeyedRandom) -> Any:
    """Return what the policy's loss reads of a pass."""

    class Pass:
        generated = type("", (), {"images": nn.functional.one_hot(tokens, 3).float()})
        measures: dict[str, Tensor] = {}  # noqa: RUF012  # one pass has one

    result = Pass()
    result.rng = rng
    return result


def test_phases_train_by_likelihood_then_d_alone_then_the_game(tmp_path: Any) -> None:
    config = composed("model=seqgan", *SMALL)
    config.model.phases[0].steps, config.model.phases[1].steps = 2, 1
    logged: list[set[str]] = []
    trained = fit(config, tmp_path, max_steps=4, each=lambda terms: logged.append(set(terms)))
    kinds = [
        {"nll": "g/nll" in terms, "d": "d/adversarial" in terms, "policy": "g/policy" in terms} for terms in logged
    ]
    likelihood = {"nll": True, "d": False, "policy": False}
    beside = {"nll": True, "d": True, "policy": False}
    assert kinds == [likelihood, likelihood, beside, {"nll": False, "d": True, "policy": True}]
    assert isinstance(trained, SeqGAN)
    twin = trained.rollout.network
    distances = [(a - b).abs().max() for a, b in zip(twin.parameters(), trained.generator.parameters(), strict=True)]
    assert max(distances) > 0
    assert data_of(config).output_shape == (4, 5)


def test_an_adversarial_phase_needs_a_discriminator() -> None:
    with pytest.raises(ValueError, match="set discriminator=true"):
        Phase(steps=1, adversarial=True)
    assert Phase(steps=1, discriminator=True).is_adversarial
    assert not Phase(steps=1, discriminator=True, adversarial=False).is_adversarial
