"""Molecules: lines that RDKit reads are valid."""

import sys
from pathlib import Path

import pytest
import torch

from gan.data.gaussians import Ring
from gan.data.text import Text
from gan.errors import UserError
from gan.features.molecules import Molecules
from gan.metrics.evaluator import Evaluator
from gan.metrics.validity import Validity
from gan.types import Samples
from tests.features.test_word_vectors import write


def test_share_of_valid_molecules(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rdkit")
    data = Text(write(tmp_path, ["c1ccccc1", "CC(=O)O", "CC(", "C=C=C=C"], ["CCO", "CC"]), tokens="characters")
    rows = torch.tensor([[*data.encode(line), *[0] * (8 - len(line))] for line in ("c1ccccc1", "CC(", "", "O(C)(C)C")])
    assert Molecules(data)(rows).vectors[:, 0].tolist() == [1, 0, 0, 0], "open, empty, and a valence of 3"
    evaluator = Evaluator(Molecules, {"validity": Validity()}, num_samples=4, cache=str(tmp_path))
    scores = evaluator.prepare(data, torch.device("cpu"))([Samples(rows, torch.zeros(4))])
    assert scores == {"validity": 0.25}
    assert not capfd.readouterr().err


def test_other_data_and_missing_packages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="takes text, and Ring has points"):
        Molecules(Ring(num_classes=8, image_size=1, channels=2))
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(UserError, match=r"pip install -e '.\[molecules\]'"):
        Molecules(Text(write(tmp_path, ["CC"], ["C"])))
