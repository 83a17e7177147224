"""Oracle: its sequences score its entropy, and its weights can come from a file."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from gan.data.oracle import Oracle
from gan.data.text import Text
from gan.errors import UserError
from gan.features.oracle import OracleLikelihood

SMALL = {"vocabulary_size": 6, "length": 4, "embedding": 3, "width": 5, "rows": 40}


def test_seeds_and_splits_differ_and_are_repeated() -> None:
    data = Oracle(**SMALL)
    train, test = data.load("train").tokens, data.load("test").tokens
    assert train.shape == (40, 4)
    assert not torch.equal(train, test)
    assert torch.equal(train, Oracle(**SMALL).load("train").tokens)
    assert not torch.equal(train, Oracle(**SMALL, oracle_seed=1).load("train").tokens)


def test_own_sequences_are_likelier_than_uniform_ones() -> None:
    data = Oracle()
    own, uniform = data.load("train").tokens[:500], data.noise(500, torch.Generator().manual_seed(0))
    features = OracleLikelihood(data)
    assert features(own).vectors.mean() < features(uniform).vectors.mean() - 2
    assert_close(features(own).vectors[:, 0], -data.oracle.log_likelihoods(own).mean(1))
    with pytest.raises(UserError, match="needs data=oracle"):
        OracleLikelihood(Text())


def authors_step(weights: dict[str, np.ndarray], token: int, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """One step of the authors' LSTM, gate by gate."""
    x = torch.from_numpy(weights["embedding"][token])

    def gate(name: str) -> Tensor:
        w, u, b = (torch.from_numpy(weights[f"{part}_{name}"]) for part in "wub")
        return x @ w + hidden @ u + b

    cell = gate("f").sigmoid() * cell + gate("i").sigmoid() * gate("c").tanh()
    return gate("o").sigmoid() * cell.tanh(), cell


def test_weights_of_a_file_compute_what_the_authors_network_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shapes = {"embedding": (6, 3), "w_out": (5, 6), "b_out": (6,)}
    shapes |= {f"w_{gate}": (3, 5) for gate in "ifoc"} | {f"u_{gate}": (5, 5) for gate in "ifoc"}
    shapes |= {f"b_{gate}": (5,) for gate in "ifoc"}
    weights = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    np.savez(tmp_path / "oracle.npz", **weights)
    data, tokens = Oracle(str(tmp_path / "oracle.npz"), **SMALL), [4, 0, 5, 2]
    hidden = cell = torch.zeros(5)
    expected = []
    for before, token in zip([0, *tokens], tokens, strict=False):  # token 0 begins
        hidden, cell = authors_step(weights, before, hidden, cell)
        logits = hidden @ torch.from_numpy(weights["w_out"]) + torch.from_numpy(weights["b_out"])
        expected.append(logits.log_softmax(0)[token])
    assert_close(data.oracle.log_likelihoods(torch.tensor([tokens]))[0], torch.stack(expected))
    with pytest.raises(UserError, match=r"set data\.vocabulary_size=6"):
        _ = Oracle(str(tmp_path / "oracle.npz")).oracle


@pytest.mark.parametrize("content", [None, b"text"])
def test_files_without_weights_are_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "oracle.npz"
    if content is None:
        np.savez(path, other=np.zeros(2))
    else:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"oracle\.npz holds no weights of an oracle"):
        _ = Oracle(str(path)).oracle


def test_lines_are_numbers() -> None:
    data = Oracle(**SMALL)
    assert data.lines(torch.tensor([[5, 0, 1, 2]])) == ["5 0 1 2"]
    assert data.encode("5 0") == [5, 0]
    with pytest.raises(UserError, match="'6' is no token: they are the numbers from 0 to 5"):
        data.encode("6")
