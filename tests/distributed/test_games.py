"""Training on one rank and on two: the same trajectory, identical ranks, and minimal communication."""

import csv
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from gan.distributed.environment import RankInfo
from gan.distributed.launch import launch
from tests.distributed import games

FLIP = "data.flip=true"
BARE = ["model.generator.norm=none", "loss.critic_norm=none", FLIP]
TEXT = ["data=oracle", "data.vocabulary_size=6", "data.rows=100", "model.phases=[]", "model.ema_decay=0.9"]
TEXT += ["model.discriminator.dropout=0"]  # random layers differ between ranks
TEXT += [f"+optimizer.{player}.eps=1e-4" for player in ("generator", "discriminator")]  # Adam amplifies rounding less
CAPTIONS = ["data.image_size=16", "data.made.digit_size=8", "metric=[frechet]", "metric/features=classifier"]
PHASED = "replay in parts after a phase"
GAMES = {
    "non_saturating": [*BARE, "loss=non_saturating"],
    "wgan_gp": [*BARE, "loss=wgan_gp"],
    "r3gan": [*BARE, "loss=r3gan"],
    "dragan": [*BARE, "loss=dragan"],
    "packs in parts": [*BARE, "loss=hinge", "model.packing=2", "model.accumulate=2", "loss.instance_noise=0.1"],
    "augmented packs in parts": [
        *(*BARE, "loss=hinge", "model.packing=2", "model.accumulate=2", "augment=ada", "augment.start=0.5"),
        *("augment.images=2000", "augment.interval=2"),
    ],
    PHASED: [
        *(*BARE, "loss=hinge", "model.accumulate=2", "model.replay={_target_: gan.models.replay.Replay, size: 20}"),
        *("model.phases=[{_target_: gan.models.phases.Phase, steps: 1}]", "loss/generator_regularizers=[l1]"),
    ],
    "batch norm": ["loss=non_saturating", FLIP],  # statistics are of each rank and part alone, as in biggan
    "biggan": ["model=biggan", "loss=hinge", "loss/generator_regularizers=[orthogonality]", "model.accumulate=2", FLIP],
    "stylegan2": [
        *("experiment=stylegan2_digits", "model=stylegan2", "loss.generator_regularizers.path_length.every=1", FLIP),
    ],
    "seqgan": ["model=seqgan", *TEXT],
    "gumbel_gan": ["model=gumbel_gan", "model.relaxation_steps=9", "model.accumulate=2", *TEXT],
    "dfgan": ["model=dfgan", "model.matching=1", "data.made.rows=200", *CAPTIONS],
    "muse": [
        *("model=muse", "model.ema_decay=0.9", "model.discriminator.input_dropout=0", "data.made_words=100"),
        *("data.commonest=80", "+optimizer.generator.eps=1e-4", "+optimizer.discriminator.eps=1e-4"),
    ],
    "unmt": [
        *("model=unmt", "model.discriminator.input_dropout=0", "model.accumulate=2", "data.made_sentences=100"),
        *("model.ema_decay=0.9", "model.phases=[]"),
        *("+optimizer.generator.eps=1e-4", "+optimizer.discriminator.eps=1e-4"),
    ],
    "bf16": [*BARE, "loss=r3gan", "trainer.precision=bf16-mixed"],
}
SHORT = ("wgan_gp", "batch norm", PHASED)


def marked(*left_out: str) -> list[Any]:
    """Return the games for a test, most of them marked as long."""
    names = [name for name in GAMES if name not in left_out]
    return [pytest.param(name, marks=[] if name in SHORT else pytest.mark.long) for name in names]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Train the configurations of the selected tests on one rank and on two, with one thread each."""
    folder = tmp_path_factory.mktemp("games")
    in_module = [item for item in request.session.items if item.module is request.module]
    wanted = {item.callspec.params["game"] for item in in_module}
    for ranks in (1, 2):
        runs = [(folder / str(ranks) / name, [*GAMES[name], f"trainer.devices={ranks}"]) for name in sorted(wanted)]
        launch(games.play, runs, ranks, RankInfo(), {})
    return folder


@cache
def state(folder: Path, rank: int = 0) -> dict[str, torch.Tensor]:
    return torch.load(folder / f"rank{rank}.pt")["state"]


def rows(folder: Path) -> list[dict[str, float]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]


@pytest.mark.parametrize("game", marked("batch norm", "biggan", "bf16"))
def test_two_ranks_follow_the_trajectory_of_one(played: Path, game: str) -> None:
    one, two = played / "1" / game, played / "2" / game
    for name, weights in state(one).items():
        assert_close(state(two)[name], weights, rtol=1e-3, atol=1e-4)
    for before, after in zip(rows(one), rows(two), strict=True):
        shared = [
            key
            for key in before
            if not key.endswith(("second", "seconds", "accuracy_real", "accuracy_fake", "augment_r"))
        ]
        for key in shared:
            assert after[key] == pytest.approx(before[key], rel=5e-3, abs=1e-4), key


@pytest.mark.parametrize("game", marked())
def test_ranks_stay_identical(played: Path, game: str) -> None:
    first, second = (state(played / "2" / game, rank) for rank in (0, 1))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(name.startswith("ema.") for name in first)


@pytest.mark.parametrize("game", marked("batch norm", "biggan", PHASED))
def test_an_update_sends_its_networks_gradients_once(played: Path, game: str) -> None:
    folder = played / "2" / game
    sent = torch.load(folder / "rank1.pt")["sent"]
    networks = {
        network: 4 * sum(w.numel() for name, w in state(folder).items() if name.startswith(f"{network}."))
        for network in ("generator", "discriminator")
    }
    updates = [size for size in sent if size in networks.values()]
    critic_steps = 5 if game == "wgan_gp" else 1
    assert updates == ([networks["discriminator"]] * critic_steps + [networks["generator"]]) * 6


@pytest.mark.parametrize("game", marked("batch norm", "biggan", "bf16"))
def test_two_ranks_score_as_one(played: Path, game: str) -> None:
    last = [rows(played / ranks / game)[-1] for ranks in "12"]
    names = [f"val/{name}" for name in ("fd_classifier", "oracle_nll", "csls", "translation_bleu")]
    one, two = (next(row[name] for name in names if name in row) for row in last)
    assert two == pytest.approx(one, rel=1e-3)
