"""Configurations of resumed runs."""

from typing import Any

import pytest

from gan.config import resumed
from gan.errors import UserError
from gan.substitution import substitute


def test_a_resumed_run_keeps_its_options_except_overrides() -> None:
    base: dict[str, Any] = {
        "ckpt": None,
        "run_dir": "new",
        "loss": {"k": 1, "name": "a"},
        "model": {"k": "${loss.k}"},
        "x": 1,
    }
    base |= {"folder": "${run_dir}/samples", "trust": []}
    composed = {**base, "ckpt": "c", "loss": {"k": 7, "name": "b"}, "x": 2, "trust": ["mine"]}
    saved = {**base, "run_dir": "old", "x": 3, "trust": ["theirs"]}
    config = resumed(saved, composed, ["loss.k=7", "hydra.run.dir=y"])
    assert config["model"]["k"] == "${loss.k}", "a later resume can still change it"
    values = substitute(config)
    assert (values["loss"], values["model"]["k"], values["x"]) == ({"k": 7, "name": "a"}, 7, 3)
    assert (values["ckpt"], values["run_dir"], values["folder"]) == ("c", "new", "new/samples")
    assert values["trust"] == ["mine"], "whom to trust is never taken from a file"
    assert saved["loss"] == {"k": 1, "name": "a"}
    assert resumed(saved, composed, ["x=2"])["x"] == 2
    for override in ("experiment=e", "debug=fast", "loss=b", "~x"):
        with pytest.raises(UserError, match="resumed run"):
            resumed(saved, composed, [override])
