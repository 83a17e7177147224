"""``python -m gan``, also ``python train.py``: training, with every option of conf/."""

import sys

import hydra
from omegaconf import DictConfig

from gan import cli
from gan.config import CONF, config_folders, read_arguments
from gan.help import register_choices
from gan.multirun import let_searches_go_on, summarized_sweep
from gan.resolvers import register_resolvers
from gan.resume_options import admit_saved_options

__all__ = ["main", "run"]


@hydra.main(version_base="1.3", config_path=str(CONF), config_name="train")
@cli.task
def main(config: DictConfig) -> float | None:
    """Train, and return the best score for a sweeper to minimise, negated if higher is better."""
    from gan.training import train  # imports torch, which --help does not need

    results = train(config)
    score: float | None = results["score"]
    return -score if score is not None and results["higher_is_better"][results["score_name"]] else score


def run() -> None:
    """Run the command line."""
    register_resolvers()
    let_searches_go_on()
    register_choices(*config_folders(sys.argv[1:]))
    cli.run(_start, "train")


def _start() -> None:
    sys.argv[1:] = admit_saved_options(read_arguments(sys.argv[1:]), "train")
    with summarized_sweep():
        main()


if __name__ == "__main__":
    run()
