"""CSLS against its formula, hubs, chunks, mutual neighbours, and the criterion."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from gan.nn import csls


def vectors(size: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(size, 4, generator=torch.Generator().manual_seed(seed))


def table(queries: torch.Tensor, keys: torch.Tensor, k: int, everything: torch.Tensor) -> torch.Tensor:
    """All CSLS by the formula, in loops."""
    rows = []
    for x in queries:
        near = sorted((float(F.cosine_similarity(x, y, dim=0)) for y in keys), reverse=True)[:k]
        row = []
        for y in keys:
            back = sorted((float(F.cosine_similarity(q, y, dim=0)) for q in everything), reverse=True)[:k]
            row.append(2 * float(F.cosine_similarity(x, y, dim=0)) - sum(near) / k - sum(back) / k)
        rows.append(row)
    return torch.tensor(rows)


def test_neighbors_are_those_of_the_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csls, "CHUNK", 16)  # one row at a time
    queries, keys = vectors(7), vectors(9, 1)
    found = csls.csls_neighbors(queries[:5], keys, 3, 2, everything=queries)
    expected = table(queries[:5], keys, 2, queries).topk(3)
    assert_close(found.scores, expected.values)
    assert torch.equal(found.indices, expected.indices)


def test_a_hub_is_nobodys_neighbor() -> None:
    """A key between all queries is nearest to each by cosine, and not by CSLS."""
    queries = torch.eye(4) + 0.3
    keys = torch.cat([torch.eye(4) - 0.3, torch.full((1, 4), 0.5)])
    assert (F.normalize(queries) @ F.normalize(keys).T).argmax(1).tolist() == [4, 4, 4, 4]
    assert csls.csls_neighbors(queries, keys, 1, 2).indices[:, 0].tolist() == [0, 1, 2, 3]


def test_mutual_neighbors_of_a_permuted_copy_are_its_pairs() -> None:
    source = vectors(30)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(1))
    rows, columns = csls.mutual_neighbors(source, source[order], 3)
    assert rows.tolist() == list(range(30))
    assert torch.equal(order[columns], rows)


def test_criterion_is_one_for_a_copy_and_less_for_others() -> None:
    source = vectors(30)
    assert csls.mean_csls_cosine(source, 2 * source) == pytest.approx(1)
    assert csls.mean_csls_cosine(source[:5], vectors(30, 1), everything=source) < 1
