"""Checkpoints can be read: a part whose state could not be is named before the first update."""

from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import Callback

import gan
from gan.errors import UserError
from tests.conftest import TINY


class Stateful(Callback):
    """Callback whose state is whatever it is given."""

    def __init__(self, state: Any) -> None:
        self.state = state

    def state_dict(self) -> dict[str, Any]:
        return {"state": self.state}


def test_a_state_that_could_not_be_read_ends_a_run_before_its_first_update(tmp_path: Path) -> None:
    options = [*TINY, "trainer.max_steps=2", "callbacks.evaluation=null", f"hydra.run.dir={tmp_path / 'run'}"]
    with pytest.raises(UserError, match=r"^Stateful: its state could not be read from a checkpoint"):
        gan.train(*options, callbacks=[Stateful(Path("x"))])
    assert not list(tmp_path.rglob("*.ckpt"))
