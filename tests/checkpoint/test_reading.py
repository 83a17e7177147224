"""Reading checkpoints: other precisions and devices load; files with code, and those that do not fit, are refused."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import torch
from torch.testing import assert_close

import gan
from gan.checkpoint.reading import data_of, read, restore
from gan.data.mnist5k import MNIST5k
from gan.errors import UserError
from gan.models.cgan import CGAN
from tests.conftest import LIVELY, TINY, run_here

MARKER = "this-code-ran"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    options = [*TINY, *LIVELY, "model=cgan", "model.generator.spectral_norm=true", f"hydra.run.dir={folder}"]
    assert run_here("train.py", *options).status == 0
    return folder


@pytest.fixture
def checkpoint(run: Path) -> dict[str, Any]:
    return torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)


def test_model_and_data_are_restored(run: Path, checkpoint: dict[str, Any]) -> None:
    found = read(run)
    model, data = restore(found), data_of(found)
    assert isinstance(model, CGAN)
    assert isinstance(data, MNIST5k)
    assert not model.training
    assert found.global_step == 10
    state = model.state_dict()
    assert state.keys() == checkpoint["state_dict"].keys()
    assert all(torch.equal(value, checkpoint["state_dict"][name]) for name, value in state.items())
    for path in (run / "checkpoints").iterdir():
        with ZipFile(path) as archive:
            assert archive.comment.startswith(b"sha256:"), "training writes checkpoints with a digest"


def test_a_run_folder_means_its_best_or_last_checkpoint(tmp_path: Path, checkpoint: dict[str, Any]) -> None:
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(UserError, match="no checkpoint at"):
        read(tmp_path)
    for step, name in enumerate(("last", "best")):
        torch.save(checkpoint | {"global_step": step}, tmp_path / "checkpoints" / f"{name}.ckpt")
        assert read(tmp_path).global_step == step


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 0.0), (torch.bfloat16, 0.02), (torch.float16, 0.005)], ids=str
)
def test_other_precisions(
    run: Path, checkpoint: dict[str, Any], tmp_path: Path, dtype: torch.dtype, tolerance: float
) -> None:
    state = {name: x.to(dtype) if x.is_floating_point() else x for name, x in checkpoint["state_dict"].items()}
    torch.save(checkpoint | {"state_dict": state}, tmp_path / "other.ckpt")
    images, wanted = gan.load(tmp_path / "other.ckpt").sample(50), gan.load(run).sample(50)
    assert images.dtype == torch.float32
    assert_close(images, wanted, rtol=0, atol=tolerance)
    assert wanted.std() > 0.1, "constant grey images would pass for any generator's"
    assert torch.equal(images, wanted) == (dtype == torch.float64), "the other precisions round"


@pytest.mark.parametrize("device", ["cuda:0", "cuda:7", "mps"])
def test_other_devices(
    run: Path, checkpoint: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    """Checkpoints written on a machine with that device, whose files name the device of each storage."""
    path = tmp_path / "other.ckpt"
    with monkeypatch.context() as patch:
        patch.setattr(torch.serialization, "location_tag", lambda _storage: device)
        torch.save(checkpoint, path)
    if not (torch.cuda.is_available() or torch.backends.mps.is_available()):
        with pytest.raises(RuntimeError, match=r"(?i)device"):  # without map_location
            torch.load(path, weights_only=True)
    assert torch.equal(gan.load(path, device="cpu").sample(8), gan.load(run, device="cpu").sample(8))


class Code:
    """Object that pickles to a call that makes a folder."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("position", ["beside", "config", "state_dict", "alone"])
def test_code_in_a_checkpoint_does_not_run(checkpoint: dict[str, Any], tmp_path: Path, position: str) -> None:
    marker, path = tmp_path / MARKER, tmp_path / "evil.ckpt"
    evil: Any = {
        "beside": checkpoint | {"extra": Code(marker)},
        "config": checkpoint | {"config": checkpoint["config"] | {"extra": Code(marker)}},
        "state_dict": checkpoint | {"state_dict": checkpoint["state_dict"] | {"extra": Code(marker)}},
        "alone": Code(marker),
    }[position]
    torch.save(evil, path)
    for refuse in (lambda: read(path), lambda: gan.load(path)):
        with pytest.raises(UserError, match=r"damaged or no checkpoint .*mkdir") as error:
            refuse()
        assert "\n" not in str(error.value)
        assert not marker.exists()
    torch.load(path, weights_only=False)
    assert marker.exists(), "the code would have run"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": None}, "was written by another version of this project"),
        ({"state_dict": {1: torch.zeros(1)}}, "weights do not fit"),
        ({"state_dict": {"generator.layers.0.bias": 5}}, "weights do not fit"),
        ({"state_dict": {}}, "weights do not fit"),
        ({"state_dict": None}, r"it lacks one of config, state_dict"),
        ({"global_step": "10"}, r"it lacks one of config, state_dict"),
        ({"config": {}}, "its configuration has no model, or no data"),
        (
            {"config": {"model": {"_target_": "gan.losses.adversarial.Hinge"}, "data": {}}},
            "a Trainable but a Hinge",
        ),
        ({"config": {"model": {"_target_": "pathlib.Path"}, "data": {}}}, r"asks for pathlib\.Path .*refused"),
        ({"config": {"model": {"a": [{"_target_": "os.getcwd"}]}, "data": {}}}, r"asks for os\.getcwd .*refused"),
    ],
    ids=str,
)
def test_unusable_ones_are_refused(
    checkpoint: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    torch.save(checkpoint | change, tmp_path / "bad.ckpt")
    with pytest.raises(UserError, match=message) as error:
        gan.load(tmp_path / "bad.ckpt")
    assert "\n" not in str(error.value)
