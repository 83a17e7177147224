"""Apple's GPUs, by a stand-in that refuses float64: a run, its scores and its samples stay within what MPS has."""

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from torch.testing import assert_close

import gan
from gan.distributed.devices import device_of, local_ranks
from gan.distributed.environment import RankInfo
from gan.errors import UserError
from gan.latent.directions import METHODS, find_directions
from gan.models.interpolation import slerp
from tests.conftest import TINY, Run, run_here
from tests.mps import MPS, MPSTensor, stand_in_for_mps

SMALL = [option for option in TINY if option != "trainer=cpu"]
SHORT = ["trainer.max_steps=2", "evaluate.every_n_steps=2", "optimizer.generator.lr=0.02"]
GAMES = {
    "augmented": ["model=cgan", "loss=wgan_gp", "augment=ada", "augment.start=0.5"],
    "points": ["model=mlp_gan", "data=ring8", "loss=r3gan", "metric=gaussian_modes"],
    "codes": ["model=infogan"],
    "growing": ["model=progan", "loss=wgan_gp"],
    "likelihood": ["model=vae", "model.generator.width=8"],
    "tokens": ["model=vqvae"],
    "unrolled": ["model=unrolled_gan", "data=ring8"],
    "attention": ["model=sagan", "loss=hinge", "data.image_size=32"],
    "generator": ["loss/generator_regularizers=[path_length,orthogonality]"],
    "accuracies": ["model=acgan", "loss=hinge", "metric=[conditional_accuracy,intra_frechet,modes,cas]"],
    "several": ["model=multi_gan", "data=ring8", "metric=gaussian_modes", "metric/features=mixture"],
    "neighbours": ["loss=dragan", "metric=[kernel,prdc,mifid,nearest_neighbor_accuracy,inception_score,sharpness]"],
}


def train(folder: Path, *options: str) -> Run:
    run = run_here("train.py", *SMALL, *SHORT, *options, f"hydra.run.dir={folder}", folder=folder)
    assert run.status == 0, run.err
    return run


def test_a_run_trains_is_scored_and_sampled(tmp_path: Path) -> None:
    with stand_in_for_mps():
        run = train(tmp_path / "mps")
        generator = gan.load(run.folder, device=MPS)
        samples = generator.sample(8, seed=1, truncation=0.7)
        z = generator.latents(2)
        directions = [find_directions(generator, method, num=2) for method in METHODS]
        results = [samples, slerp(z[:1], z[1:], 0.5), *directions]
        assert all(isinstance(result, MPSTensor) for result in results)
    assert run.results["device"] == "mps"
    assert run.results["config"]["trainer"]["precision"] == "32-true"
    same = train(tmp_path / "cpu", "trainer=cpu", "trainer.precision=32-true")
    assert run.results["score"] == pytest.approx(same.results["score"], rel=1e-6)
    assert_close(
        samples.cpu(), gan.load(same.folder, device="cpu").sample(8, seed=1, truncation=0.7), atol=1e-4, rtol=0
    )


@pytest.mark.long
@pytest.mark.parametrize("game", GAMES)
def test_other_games(game: str, tmp_path: Path) -> None:
    with stand_in_for_mps():
        train(tmp_path / "mps", *GAMES[game])


def test_a_mac_has_one_device() -> None:
    trainer = OmegaConf.create({"accelerator": "auto", "devices": "auto", "num_nodes": 1})
    with stand_in_for_mps():
        for accelerator in ("auto", "gpu", "mps"):
            trainer.accelerator = accelerator
            assert device_of(trainer, RankInfo()) == MPS
            assert local_ranks(trainer, RankInfo()) == 1
        trainer.devices = 2
        with pytest.raises(UserError, match=r"trainer.devices=2: a Mac has one GPU; .* trainer=cpu"):
            local_ranks(trainer, RankInfo())
        trainer.accelerator = "cpu"
        assert device_of(trainer, RankInfo()) == torch.device("cpu")
        assert local_ranks(trainer, RankInfo()) == 2


def test_the_stand_in_refuses_what_mps_lacks() -> None:
    with stand_in_for_mps():
        x = torch.rand(3, device="mps")
        with pytest.raises(AssertionError, match="float64"):
            x.double()
        with pytest.raises(AssertionError, match="special_ndtri"):
            torch.special.ndtri(x)
        with pytest.raises(AssertionError, match="mixes"):
            x + torch.rand(3)
        assert_close(x.cpu().double().mean(), x.mean().cpu().double())
