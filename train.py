"""Train a GAN: ``python train.py model=dcgan loss=wgan_gp``; see conf/ for all that can be set."""

from pathlib import Path

import hydra
from omegaconf import DictConfig

from gan import cli
from gan.help import register_choices
from gan.runs import resolver

CONF = Path(__file__).parent / "conf"

resolver.register()
register_choices(CONF)


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
@cli.task
def main(config: DictConfig) -> float | None:
    """Train, and return the best score for a sweeper to minimise: with its sign changed where more is better."""
    from gan.training import train  # imports torch, which `--help` need not wait for

    results = train(config)
    score: float | None = results["score"]
    return -score if score is not None and results["higher_is_better"][results["score_name"]] else score


if __name__ == "__main__":
    cli.run(main, CONF / "train.yaml")
