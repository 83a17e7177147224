"""Random numbers drawn on the CPU are those that the CPU draws by itself."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.keyed_random import KeyedRandom
from tests.drawing import DRAWING, draw_on_cpu, drawn_on_cpu


def draws() -> list[Tensor]:
    torch.manual_seed(0)
    rng = KeyedRandom(1, total=3)
    x = torch.ones(2, 3, 4, 4).to(memory_format=torch.channels_last)
    return [
        rng.normal(2),
        rng.clone().uniform(2),
        torch.rand(3),
        torch.empty(3).normal_(),
        torch.randperm(5),
        F.dropout(x),
    ]


def test_the_numbers_of_the_cpu_stay() -> None:
    wanted = draws()
    with drawn_on_cpu():
        drawn = draws()
    assert all(map(torch.equal, wanted, drawn))


def test_dropout_of_a_gpu_has_the_mask_of_the_cpu() -> None:
    """GPUs have a kernel of their own for dropout."""
    x = torch.ones(2, 3, 4, 4).to(memory_format=torch.channels_last)
    torch.manual_seed(0)
    wanted = F.dropout(x, 0.3)
    torch.manual_seed(0)
    output, _ = draw_on_cpu(torch.ops.aten.native_dropout.default, (x, 0.3, True), {})
    assert torch.equal(output, wanted)


def test_an_operator_in_place_changes_its_argument() -> None:
    x = torch.zeros(3)
    torch.manual_seed(0)
    assert draw_on_cpu(torch.ops.aten.normal_.default, (x,), {}) is x
    torch.manual_seed(0)
    assert torch.equal(x, torch.empty(3).normal_())


def test_the_operators_draw() -> None:
    for name in DRAWING:
        operator = getattr(torch.ops.aten, name)
        assert any(torch.Tag.nondeterministic_seeded in getattr(operator, form).tags for form in operator.overloads())
