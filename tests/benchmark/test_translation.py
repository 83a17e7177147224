"""Hand-written loops of translators: they train, and the pool shows earlier fakes."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gan.benchmark.translation import TRANSLATION, ImagePool, bare_cyclegan, bare_pix2pix, write_pairs
from gan.benchmark.workers import UpdateGate

SMALL = {
    "pix2pix-64": ["model.generator.width=2", "model.discriminator.n_layers=1"],
    "cyclegan-64": ["model.generator.a_to_b.width=2", "model.discriminator.n_layers=1"],
}


class StopAfter:
    """Gate that ends a loop after a number of updates."""

    def __init__(self, updates: int) -> None:
        self.remaining = updates

    def __call__(self) -> None:
        if self.remaining == 0:
            raise StopIteration
        self.remaining -= 1


@pytest.mark.parametrize(("name", "loop"), [("pix2pix-64", bare_pix2pix), ("cyclegan-64", bare_cyclegan)])
def test_loops_change_all_parameters(
    name: str,
    loop: Callable[[list[str], UpdateGate], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_pairs(tmp_path)
    steps: list[int] = []
    step = torch.optim.Adam.step

    def counted(self: torch.optim.Adam) -> None:
        steps.append(sum(p.grad is not None for group in self.param_groups for p in group["params"]))
        step(self)

    monkeypatch.setattr(torch.optim.Adam, "step", counted)
    options = [*TRANSLATION[name], *SMALL[name], f"data.path={tmp_path}", "data.batch_size=2", "data.image_size=16"]
    with pytest.raises(StopIteration):
        loop([*options, "data.jitter=1.0", "data.flip=false"], StopAfter(2))
    assert len(steps) == 4
    assert min(steps) > 0


def test_the_pool_fills_and_then_shows_half_earlier_fakes() -> None:
    pool, shown = ImagePool(4), []
    for start in range(0, 400, 4):
        shown.append(pool(torch.arange(start, start + 4.0)))
    new = torch.stack(shown) == torch.arange(400.0).view(100, 4)
    assert new[0].all()
    assert 0.4 < new[1:].float().mean() < 0.6
    assert len(pool.images) == 4
