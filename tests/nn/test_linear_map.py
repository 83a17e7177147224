"""Linear map: its start, its output, and the step towards orthogonal matrices."""

import torch
from torch.testing import assert_close

from gan.nn.linear_map import LinearMap, orthogonalize


def test_the_map_starts_as_the_identity_and_maps_the_condition() -> None:
    network, x = LinearMap(3), torch.randn(2, 3)
    assert torch.equal(network(None, None, condition=x), x)
    with torch.no_grad():
        network.weight.copy_(torch.arange(9.0).view(3, 3))
    assert_close(network(None, None, condition=x)[0], network.weight @ x[0])


def test_steps_lead_to_the_nearest_orthogonal_matrix() -> None:
    weight = torch.eye(4) + 0.2 * torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    u, _, v = torch.linalg.svd(weight)
    for _ in range(200):
        orthogonalize(weight, 0.1)
    assert_close(weight, u @ v, atol=1e-4, rtol=0)
