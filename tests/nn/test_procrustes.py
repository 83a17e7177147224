"""Procrustes recovers a rotation, refinement completes a rough one, and a start needs no pairs."""

import torch
from torch.testing import assert_close

from gan.nn.procrustes import procrustes, random_rotation, refine, similarity_start


def cloud(size: int = 400, dimension: int = 8) -> torch.Tensor:
    normal = torch.randn(size, dimension, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(normal * torch.arange(1, dimension + 1) ** 0.5 + 0.3 * normal**2)


def test_procrustes_recovers_a_rotation() -> None:
    source, rotation = cloud(), random_rotation(8, 1)
    found = procrustes(source, source @ rotation.T)
    assert_close(found, rotation, atol=1e-4, rtol=0)
    assert_close(found @ found.T, torch.eye(8), atol=1e-5, rtol=0)


def test_procrustes_is_the_best_of_all_rotations_near_it() -> None:
    source, target = cloud(), cloud().flip(0)
    best = procrustes(source, target)
    error = (source @ best.T - target).square().sum()
    for seed in range(20):
        skew = 0.1 * torch.randn(8, 8, generator=torch.Generator().manual_seed(seed))
        turned = torch.matrix_exp(skew - skew.T) @ best
        assert (source @ turned.T - target).square().sum() >= error


def test_refinement_completes_a_rough_rotation_and_keeps_the_best() -> None:
    source, rotation = cloud(), random_rotation(8, 1)
    rough = procrustes(source[:25] + 0.3 * cloud()[50:75], source[:25] @ rotation.T)
    refined, criteria = refine(rough, source, source @ rotation.T, iterations=5)
    assert (rough - rotation).abs().max() > 0.1
    assert_close(refined, rotation, atol=1e-4, rtol=0)
    assert criteria[-1] > criteria[0]
    unchanged, (criterion,) = refine(rough, source, source @ rotation.T, iterations=0)
    assert torch.equal(unchanged, rough)
    assert criterion == criteria[0]


def test_similarity_distributions_match_a_permuted_rotated_copy() -> None:
    source, rotation = cloud(), random_rotation(8, 1)
    order = torch.randperm(400, generator=torch.Generator().manual_seed(2))
    assert_close(similarity_start(source, (source @ rotation.T)[order]), rotation, atol=1e-3, rtol=0)


def test_rotations_are_orthogonal_and_of_their_seed() -> None:
    assert_close(random_rotation(8) @ random_rotation(8).T, torch.eye(8), atol=1e-5, rtol=0)
    assert not torch.equal(random_rotation(8), random_rotation(8, 1))
