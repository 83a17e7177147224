"""Configurations of resumed runs."""

import pytest
from omegaconf import OmegaConf

from gan.config import resumed
from gan.errors import UserError


def test_a_resumed_run_keeps_its_options_except_overrides() -> None:
    base = {"ckpt": None, "run_dir": "new", "loss": {"k": 1, "name": "a"}, "model": {"k": "${loss.k}"}, "x": 1}
    composed = OmegaConf.create({**base, "ckpt": "c", "loss": {"k": 7, "name": "b"}, "x": 2})
    saved = {**base, "run_dir": "old", "x": 3}
    config = resumed(saved, composed, ["loss.k=7", "hydra.run.dir=y"])
    assert (config.loss.k, config.loss.name, config.model.k, config.x) == (7, "a", 7, 3)
    assert (config.ckpt, config.run_dir) == ("c", "new")
    assert resumed(saved, composed, ["x=2"]).x == 2
    for override in ("experiment=e", "debug=fast", "loss=b", "~x"):
        with pytest.raises(UserError, match="resumed run"):
            resumed(saved, composed, [override])
